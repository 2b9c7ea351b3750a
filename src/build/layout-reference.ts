import type { LayoutReference } from "../exporter/index.ts";
import { parseDigest } from "../oci/index.ts";

export const layoutScheme = "oci-layout://";

/** Parses `oci-layout://<path>[:<tag>][@<digest>]`; undefined for what has another form. The path ends at its first `:` or `@`.
 * @throws {OciError} `INVALID_DIGEST` */
export function parseLayoutReference(text: string): LayoutReference | undefined {
  if (!text.startsWith(layoutScheme)) return undefined;
  const [name, digest] = cut(text.slice(layoutScheme.length), "@");
  const [directory, tag = "latest"] = cut(name, ":");
  return { directory, tag, ...(digest !== undefined && { digest: parseDigest(digest) }) };
}

/** The reference without its digest. */
export function layoutName({ directory, tag }: LayoutReference): string {
  return `${layoutScheme}${directory}:${tag}`;
}

function cut(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
