import { LayerError } from "./layer-error.ts";

const prefix = ".wh.";
const metaPrefix = ".wh..wh.";

/** The entry that makes its directory hide that of lower layers. */
export const opaqueMarker = ".wh..wh..opq";

export type TarName =
  | { readonly kind: "entry" }
  | { readonly kind: "whiteout"; readonly name: string }
  | { readonly kind: "opaque" }
  /** Bookkeeping of aufs, which a layer may still carry and which means nothing. */
  | { readonly kind: "ignored" };

/** What the last name of an OCI layer entry means.
 * @throws {LayerError} `INVALID_TAR` for a whiteout of `.`, `..` or nothing */
export function parseTarName(names: readonly string[]): TarName {
  const last = names.at(-1) ?? "";
  if (last === opaqueMarker) return { kind: "opaque" };
  if (names.some((name) => name.startsWith(metaPrefix))) return { kind: "ignored" };
  if (!last.startsWith(prefix)) return { kind: "entry" };
  const name = last.slice(prefix.length);
  if (name !== "" && name !== "." && name !== "..") return { kind: "whiteout", name };
  throw new LayerError("INVALID_TAR", "the whiteout names no file");
}

/** The name of the entry that hides `name` of lower layers. */
export function whiteoutName(name: string): string {
  return prefix + name;
}

/** Would this name mean something else in a layer tar? */
export function isWhiteoutName(name: string): boolean {
  return name.startsWith(prefix);
}

/** The path that a whiteout of `layerEntries` hides; undefined for every other entry. */
export function whiteoutOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/") + 1;
  const name = path.slice(slash);
  if (!name.startsWith(prefix) || name.startsWith(metaPrefix)) return undefined;
  return path.slice(0, slash) + name.slice(prefix.length);
}
