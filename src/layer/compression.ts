import type { LayerCompression } from "../oci/index.ts";

/** What a file is compressed with. */
export type Compression = Exclude<LayerCompression, "estargz"> | "bzip2" | "xz";

/** How many bytes at the beginning of a file tell its compression. */
export const magicBytes = 6;

/** Tells the compression by the first bytes; what has no known magic is taken as it is. */
export function sniffCompression(head: Buffer): Compression {
  const hex = head.toString("hex", 0, magicBytes);
  if (hex.startsWith("1f8b")) return "gzip";
  if (hex.startsWith("28b52ffd")) return "zstd";
  if (/^5.2a4d18/.test(hex)) return "zstd"; // a skippable frame comes first
  if (hex.startsWith("425a68")) return "bzip2";
  if (hex.startsWith("fd377a585a00")) return "xz";
  return "none";
}
