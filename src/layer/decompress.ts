import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import zlib from "node:zlib";
import { type Compression, magicBytes, sniffCompression } from "./compression.ts";
import { LayerError } from "./layer-error.ts";
import { peek, readChunks, type TarSource } from "./read-chunks.ts";

const programs = { zstd: "zstd", bzip2: "bzip2", xz: "xz" } as const;
const chunkBytes = 512 * 1024;

/** The uncompressed bytes of a source, whose compression is told by its first bytes: gzip and, where this Node has it, zstd are
 * decompressed in the thread pool while the reader works on the chunk before; for the others their program is run.
 * A chunk is only valid until the next one is asked for.
 * @throws {LayerError} `DECOMPRESSION_FAILED` */
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
  pumped.catch(() => {}); // awaited below, unless the reader fails or stops first
  try {
    for await (const chunk of output) yield chunk as Buffer;
    await pumped;
    await finished();
  } catch (error) {
    if (error instanceof LayerError) throw error;
    throw failed(compression, error instanceof Error ? error.message : String(error), error);
  } finally {
    stop();
    void packed.return().catch(() => {}); // not awaited: the source may be stuck
  }
}

interface Decompressor {
  readonly input: Writable;
  readonly output: Readable;
  /** Settles when the decompressor itself says that all was well. */
  readonly finished: () => Promise<void>;
  readonly stop: () => void;
}

function openDecompressor(compression: Packed): Decompressor {
  const transform = compression === "gzip" ? zlib.createGunzip({ ...streamOptions }) : openZstd(compression);
  if (!transform) return runProgram(compression === "gzip" ? "zstd" : compression);
  return { input: transform, output: transform, finished: async () => {}, stop: () => transform.destroy() };
}

const streamOptions = { chunkSize: chunkBytes, highWaterMark: chunkBytes };

/** `node:zlib` has zstd since Node 22.15. */
function openZstd(compression: Packed): (Writable & Readable) | undefined {
  const create = (zlib as { createZstdDecompress?: (options: object) => Writable & Readable })
    .createZstdDecompress;
  return compression === "zstd" ? create?.(streamOptions) : undefined;
}

function runProgram(compression: keyof typeof programs): Decompressor {
  const child = spawn(programs[compression], ["-dcq"], { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (data: Buffer) => (complaint = (complaint + data.toString()).slice(0, 2000)));
  child.stdin.on("error", () => {}); // its exit code says more
  const ended = Promise.race([
    once(child, "close"),
    once(child, "error").then(([error]: Error[]) => {
      child.stdout.destroy(error);
      throw error;
    }),
  ]);
  ended.catch(() => {});
  return {
    input: child.stdin,
    output: child.stdout,
    finished: async () => {
      const [exitCode] = (await ended) as [number | null];
      if (exitCode !== 0) throw failed(compression, complaint.trim() || `${compression} failed`);
    },
    stop: () => child.kill("SIGKILL"),
  };
}

/** Waits for each chunk to be consumed, for its buffer is used again. */
async function pump(chunks: AsyncGenerator<Buffer, void>, input: Writable): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (!(await write(input, chunk))) return;
    }
    input.end();
  } catch (error) {
    input.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** False when the other side takes no more; it then says why itself. */
function write(input: Writable, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => input.write(chunk, (error) => resolve(!error)));
}

function failed(compression: Packed, reason: string, cause?: unknown): LayerError {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  return new LayerError("DECOMPRESSION_FAILED", `Cannot decompress ${compression}: ${reason}`, {
    cause,
    hint: isMissing ? `Install the program "${compression}"` : undefined,
  });
}
