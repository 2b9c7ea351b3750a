import type { Readable, Writable } from "node:stream";
import { type ByteTransform, programTransform, streamTransform } from "./transform-sink.ts";

/** What `node:zlib` has since Node 22.15. */
interface ZlibWithZstd {
  readonly createZstdCompress?: (options: object) => Writable & Readable;
  readonly createZstdDecompress?: (options: object) => Writable & Readable;
}

/** Looked at when asked: Node loads the module then. */
const zlibWithZstd = (): ZlibWithZstd => process.getBuiltinModule("node:zlib") as object;

/** `ZSTD_c_compressionLevel` of zstd.h. */
const compressionLevelParameter = 100;

/** The program's limit unless it is told otherwise: above it, unpacking takes a lot of memory too. */
const ordinaryMaximum = 19;

/** Compresses in this process where Node can, else with the program `zstd`.
 * @param level 0 to 22; 0 is the default, as in zstd's library */
export function zstdCompressor(level = 3): ByteTransform {
  const { createZstdCompress } = zlibWithZstd();
  if (!createZstdCompress) {
    const ultra = level > ordinaryMaximum ? ["--ultra"] : [];
    return programTransform("zstd", ["-qc", "-T0", ...ultra, `-${level || 3}`]);
  }
  return streamTransform(createZstdCompress({ params: { [compressionLevelParameter]: level } }));
}

export function zstdDecompressor(streamOptions: object): ByteTransform {
  const { createZstdDecompress } = zlibWithZstd();
  if (!createZstdDecompress) return programTransform("zstd", ["-dcq"]);
  return streamTransform(createZstdDecompress(streamOptions));
}
