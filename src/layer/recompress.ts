import { createHash } from "node:crypto";
import type { DiffID, LayerCompression } from "../oci/index.ts";
import type { ByteSink } from "./byte-sink.ts";
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

/** Writes a tar to `sink` in another compression; the uncompressed bytes stay what they are.
 * @throws {LayerError} `DIFF_ID_MISMATCH` | `DECOMPRESSION_FAILED` | `COMPRESSION_FAILED` | `READ_FAILED`; what the sink throws */
export async function recompress(
  source: TarSource,
  sink: ByteSink,
  { compression, level, expectedDiffID }: RecompressOptions,
): Promise<void> {
  const hash = createHash("sha256");
  const target = compression === "none" ? undefined : compressingSink(sink, { compression, level });
  try {
    for await (const chunk of readUncompressed(source)) {
      hash.update(chunk);
      await (target ?? sink).write(chunk);
    }
    await target?.end();
  } finally {
    target?.stop();
  }
  const diffID = `sha256:${hash.digest("hex")}`;
  if (diffID === expectedDiffID) return;
  throw new LayerError(
    "DIFF_ID_MISMATCH",
    `Cannot verify layer: wanted diffID ${expectedDiffID}, got ${diffID}`,
  );
}
