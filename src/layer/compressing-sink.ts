import type { LayerCompression } from "../oci/index.ts";
import type { ByteSink, EndingSink } from "./byte-sink.ts";
import { EstargzSink } from "./estargz-sink.ts";
import { LayerError } from "./layer-error.ts";
import { ParallelGzip } from "./parallel-gzip.ts";
import { transformSink } from "./transform-sink.ts";
import { zstdCompressor } from "./zstd.ts";

/** Compresses what is written to it on to `sink`. */
export function compressingSink(
  sink: ByteSink,
  { compression, level }: { compression: Exclude<LayerCompression, "none">; level: number | undefined },
): EndingSink {
  checkLevel(compression, level);
  if (compression === "gzip") return new ParallelGzip(sink, level);
  if (compression === "estargz") return new EstargzSink(sink, level);
  return transformSink(sink, zstdCompressor(level));
}

const levels = { gzip: { min: 0, max: 9 }, estargz: { min: 0, max: 9 }, zstd: { min: 0, max: 22 } } as const;

function checkLevel(compression: keyof typeof levels, level: number | undefined): void {
  if (level === undefined) return;
  const { min, max } = levels[compression];
  if (Number.isInteger(level) && level >= min && level <= max) return;
  throw new LayerError(
    "COMPRESSION_FAILED",
    `Cannot compress with ${compression} level ${level}: wanted a whole number from ${min} to ${max}`,
  );
}
