import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { LayerError } from "./layer-error.ts";

/** Where a tar is read from: a file by path, an open descriptor (read from its position, and left open), or chunks. */
export type TarSource = string | number | AsyncIterable<Uint8Array>;

const chunkBytes = 1024 * 1024;

/** The bytes of a source in chunks; a chunk is only valid until the next one is asked for. */
export async function* readChunks(source: TarSource): AsyncGenerator<Buffer, void> {
  if (typeof source === "object") {
    for await (const chunk of source) yield asBuffer(chunk);
  } else if (typeof source === "number") yield* readDescriptor(source);
  else {
    const fd = openFile(source);
    try {
      yield* readDescriptor(fd);
    } finally {
      closeSync(fd);
    }
  }
}

function openFile(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new LayerError("READ_FAILED", `Cannot read tar ${JSON.stringify(file)}: ${reason}`, {
      cause: error,
    });
  }
}

/** One buffer for all, and synchronous reads: streams of Node cost twice the time here. */
async function* readDescriptor(fd: number): AsyncGenerator<Buffer, void> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let length = readSync(fd, buffer); length > 0; length = readSync(fd, buffer)) {
    yield buffer.subarray(0, length);
    await setImmediate(); // other requests and a cancellation get their turn
  }
}

/** Splits off at least `bytes` bytes (fewer when there are no more); `rest` gives them again, with all that follows. */
export async function peek(
  chunks: AsyncGenerator<Buffer, void>,
  bytes: number,
): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer, void> }> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < bytes) {
    const next = await chunks.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    if (head.length < bytes) head = Buffer.from(head);
  }
  return { head, rest: prepend(head, chunks) };
}

async function* prepend(head: Buffer, chunks: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  try {
    if (head.length > 0) yield head;
    yield* chunks;
  } finally {
    await chunks.return();
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
