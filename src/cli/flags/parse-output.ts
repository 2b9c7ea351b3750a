import type { OutputSpec } from "../../build/index.ts";
import type { LayerCompression } from "../../oci/index.ts";
import { UsageError } from "../usage-error.ts";
import { parseCsvMap } from "./csv.ts";

/** One `--output`: where the result goes, and names that the image gets there. `image` is the store itself. */
export interface ParsedOutput {
  readonly spec: OutputSpec | undefined;
  readonly names: readonly string[];
  readonly rewriteTimestamp?: boolean;
}

const pushKeys: readonly string[] = [
  "push-by-digest",
  "name-canonical",
  "oci-mediatypes",
  "compression",
  "compression-level",
  "rewrite-timestamp",
];

const knownKeys: Record<string, readonly string[]> = {
  docker: ["type", "dest", "name", "compression", "compression-level", "rewrite-timestamp"],
  oci: ["type", "dest", "name", "compression", "compression-level", "rewrite-timestamp", "tar"],
  tar: ["type", "dest", "platform-split"],
  local: ["type", "dest", "platform-split"],
  cacheonly: ["type"],
  image: ["type", "name", "push", ...pushKeys],
  registry: ["type", "name", ...pushKeys],
};

/** Parses one `--output` as Docker does: `type=…,dest=…`, a directory, or `-` for a tar on standard output.
 * @throws {UsageError} unknown type or attribute, missing destination */
export function parseOutput(text: string): ParsedOutput {
  if (text === "-") return { spec: { type: "tar", dest: "-" }, names: [] };
  if (!text.includes("=")) return { spec: { type: "local", dest: text }, names: [] };
  const map = parseCsvMap(text);
  const type = map.get("type") ?? "";
  checkKeys(type, map, text);
  const names = (map.get("name") ?? "").split(",").filter((name) => name !== "");
  const rewrite = rewriteTimestamp(map, text);
  const spec = outputSpec(type, map, text);
  // What is pushed by its digest has names that are no tags.
  return { spec, names: spec?.type === "registry" && spec.byDigest ? [] : names, ...rewrite };
}

function checkKeys(type: string, map: ReadonlyMap<string, string>, text: string): void {
  const known = knownKeys[type];
  if (!known) throw unknownType(type, text);
  for (const key of map.keys()) {
    if (!known.includes(key))
      throw new UsageError(`Cannot use --output "${text}": type=${type} does not take "${key}"`, {
        code: "UNSUPPORTED_OPTION",
        hint: `it takes ${known.join(", ")}`,
      });
  }
  if (!isTrue("oci-mediatypes", map, text, true))
    throw new UsageError(`Cannot use --output "${text}": images are written with OCI media types`, {
      code: "UNSUPPORTED_OPTION",
    });
  if (map.has("tar") && map.get("tar") !== "true")
    throw new UsageError(`Cannot use --output "${text}": an OCI image is written as one archive`, {
      code: "UNSUPPORTED_OPTION",
      hint: "unpack it with: tar -x -C DIR -f FILE",
    });
}

function unknownType(type: string, text: string): UsageError {
  const types = Object.keys(knownKeys).join(", ");
  return new UsageError(
    type === ""
      ? `Cannot parse --output "${text}": "type" is missing`
      : `Cannot use --output "${text}": unknown type "${type}"`,
    { code: "UNSUPPORTED_OPTION", hint: `types are ${types}` },
  );
}

function outputSpec(type: string, map: ReadonlyMap<string, string>, text: string): OutputSpec | undefined {
  const dest = map.get("dest") ?? "";
  switch (type) {
    case "docker":
    case "oci":
      return { type, dest: dest || "-", ...compressionOf(map, text), ...rewriteTimestamp(map, text) };
    case "tar":
      return { type, dest: dest || "-", ...platformSplitOf(map, text) };
    case "local":
      if (dest === "" || dest === "-")
        throw new UsageError(`Cannot use --output "${text}": a directory is needed as dest`);
      return { type, dest, ...platformSplitOf(map, text) };
    case "cacheonly":
      return { type };
    case "registry":
      return registrySpec(map, text);
    case "image":
      return isTrue("push", map, text, false) ? registrySpec(map, text) : undefined;
    default:
      return undefined;
  }
}

function registrySpec(map: ReadonlyMap<string, string>, text: string): OutputSpec {
  const names = (map.get("name") ?? "").split(",").filter((name) => name !== "");
  return {
    type: "registry",
    ...(isTrue("push-by-digest", map, text, false) && { byDigest: { names } }),
    ...compressionOf(map, text),
    ...rewriteTimestamp(map, text),
  };
}

/** An attribute that is true or false, as Go reads it; without a value it is true. */
function isTrue(key: string, map: ReadonlyMap<string, string>, text: string, fallback: boolean): boolean {
  const value = map.get(key);
  if (value === undefined) return fallback;
  if (["", "1", "t", "true"].includes(value.toLowerCase())) return true;
  if (["0", "f", "false"].includes(value.toLowerCase())) return false;
  throw new UsageError(`Cannot use --output "${text}": ${key} is neither true nor false`);
}

function rewriteTimestamp(map: ReadonlyMap<string, string>, text: string): { rewriteTimestamp?: boolean } {
  const value = map.get("rewrite-timestamp");
  if (value === undefined) return {};
  if (value !== "" && value !== "true" && value !== "false")
    throw new UsageError(`Cannot use --output "${text}": rewrite-timestamp is true or false, not "${value}"`);
  return value === "false" ? {} : { rewriteTimestamp: true };
}

function platformSplitOf(map: ReadonlyMap<string, string>, text: string): { platformSplit?: boolean } {
  return map.has("platform-split") ? { platformSplit: isTrue("platform-split", map, text, true) } : {};
}

function compressionOf(
  map: ReadonlyMap<string, string>,
  text: string,
): { compression?: LayerCompression; level?: number } {
  const level = map.get("compression-level");
  if (level !== undefined && !/^\d{1,2}$/.test(level))
    throw new UsageError(`Cannot use --output "${text}": compression-level is no number`);
  const compression = map.get("compression");
  return {
    ...(compression === undefined ? {} : { compression: parseCompression(compression, text) }),
    ...(level === undefined ? {} : { level: Number(level) }),
  };
}

function parseCompression(name: string, text: string): LayerCompression {
  if (name === "uncompressed" || name === "none") return "none";
  if (name === "gzip" || name === "zstd") return name;
  throw new UsageError(`Cannot use --output "${text}": unknown compression "${name}"`, {
    hint: "compressions are gzip, zstd, uncompressed",
  });
}
