import { createHash } from "node:crypto";
import type { DiffID, LayerCompression } from "../oci/index.ts";
import type { ByteSink, ExtendedTar } from "./byte-sink.ts";
import { compressingSink } from "./compressing-sink.ts";
import { readUncompressed } from "./decompress.ts";
import { LayerError } from "./layer-error.ts";
import type { TarSource } from "./read-chunks.ts";

export interface RecompressOptions {
  readonly compression: LayerCompression;
  readonly level?: number | undefined;
  /** Hash of the uncompressed bytes. */
  readonly expectedDiffID: DiffID;
}

/** Writes a tar to `sink` in another compression; the uncompressed bytes stay what they are, but for what is returned.
 * @throws {LayerError} `DIFF_ID_MISMATCH` | `DECOMPRESSION_FAILED` | `COMPRESSION_FAILED` | `READ_FAILED`; what the sink throws */
export async function recompress(
  source: TarSource,
  sink: ByteSink,
  { compression, level, expectedDiffID }: RecompressOptions,
): Promise<ExtendedTar | undefined> {
  const hash = createHash("sha256");
  const target = compression === "none" ? undefined : compressingSink(sink, { compression, level });
  let extended: ExtendedTar | undefined;
  try {
    for await (const chunk of readUncompressed(source)) {
      hash.update(chunk);
      await (target ?? sink).write(chunk);
    }
    extended = await target?.end();
  } finally {
    target?.stop();
  }
  const diffID = `sha256:${hash.digest("hex")}`;
  if (diffID === expectedDiffID) return extended;
  throw new LayerError(
    "DIFF_ID_MISMATCH",
    `Cannot verify layer: wanted diffID ${expectedDiffID}, got ${diffID}`,
  );
}
