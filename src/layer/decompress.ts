import type { Writable } from "node:stream";
import { createGunzip } from "node:zlib";
import { type Compression, magicBytes, sniffCompression } from "./compression.ts";
import { LayerError } from "./layer-error.ts";
import { peek, readChunks, type TarSource } from "./read-chunks.ts";
import { type ByteTransform, programTransform, streamTransform, writeToStream } from "./transform-sink.ts";
import { zstdDecompressor } from "./zstd.ts";

const chunkBytes = 512 * 1024;
const streamOptions = { chunkSize: chunkBytes, highWaterMark: chunkBytes };

/** The uncompressed bytes of a source, whose compression is told by its first bytes: gzip and, where this Node has it, zstd are
 * decompressed in the thread pool while the reader works on the chunk before; for the others their program is run.
 * A chunk is only valid until the next one is asked for.
 * @throws {LayerError} `DECOMPRESSION_FAILED` | `READ_FAILED` */
export async function* readUncompressed(source: TarSource): AsyncGenerator<Buffer, void> {
  const { head, rest } = await peek(readChunks(source), magicBytes);
  const compression = sniffCompression(head);
  if (compression === "none") yield* rest;
  else yield* decompress(rest, compression);
}

type Packed = Exclude<Compression, "none">;

async function* decompress(
  packed: AsyncGenerator<Buffer, void>,
  compression: Packed,
): AsyncGenerator<Buffer, void> {
  const { input, output, finished, stop } = openDecompressor(compression);
  const pumped = pump(packed, input);
  try {
    for await (const chunk of output) yield chunk as Buffer;
    await finished();
  } catch (error) {
    throw pumped.sourceError ?? failed(compression, error);
  } finally {
    stop();
    void packed.return().catch(() => {}); // not awaited: the source may be stuck
  }
}

function openDecompressor(compression: Packed): ByteTransform {
  switch (compression) {
    case "gzip":
      return streamTransform(createGunzip(streamOptions));
    case "zstd":
      return zstdDecompressor(streamOptions);
    case "xz":
    case "bzip2":
      return programTransform(compression, ["-dcq"]);
    default:
      return compression satisfies never;
  }
}

/** Feeds the decompressor. What the source throws breaks the output off and is found in the result. */
function pump(chunks: AsyncGenerator<Buffer, void>, input: Writable): { readonly sourceError?: unknown } {
  const state: { sourceError?: unknown } = {};
  const run = async () => {
    for await (const chunk of chunks) {
      if (!(await writeToStream(input, chunk))) return;
    }
    input.end();
  };
  run().catch((error: unknown) => {
    state.sourceError = error;
    input.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return state;
}

function failed(compression: Packed, cause: unknown): LayerError {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LayerError("DECOMPRESSION_FAILED", `Cannot decompress ${compression}: ${reason}`, {
    cause,
    hint: isMissing ? `install the program "${compression}"` : undefined,
  });
}
