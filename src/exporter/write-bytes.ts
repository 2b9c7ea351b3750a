import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { realpathSync, type Stats, statSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isErrno } from "../util/index.ts";
import { ExporterError } from "./exporter-error.ts";
import { openPipe } from "./open-pipe.ts";

/** Writes bytes to a stream, which stays open. When the signal aborts it ends at once, though the stream takes nothing.
 * @returns how many
 * @throws the stream's error (`EPIPE` when its reader went away), the signal's reason */
export async function writeToStream(
  bytes: AsyncIterable<Uint8Array>,
  stream: Writable,
  signal?: AbortSignal,
): Promise<number> {
  const counter = new ByteCounter();
  const written = pipeline(counter.count(bytes), stream, { end: false, ...(signal && { signal }) });
  await (signal ? unlessAborted(written, signal) : written);
  return counter.sizeBytes;
}

class ByteCounter {
  sizeBytes = 0;

  async *count(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.sizeBytes += chunk.length;
      yield chunk;
    }
  }
}

/** An aborted pipeline waits until a stream that stays open has taken what it got, which may be never. */
async function unlessAborted(written: Promise<void>, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race([written, once(signal, "abort", { signal: ended.signal })]);
  } finally {
    ended.abort();
  }
  signal.throwIfAborted();
}

/** Writes bytes to a file, whole or not at all: an existing file is replaced when the new one is complete, and stays as it was
 * when something fails. What is no regular file (a pipe, a device) is written to directly.
 * @returns how many
 * @throws {ExporterError} `INVALID_DEST` | `NO_SPACE`
 * @throws the signal's reason, and what `bytes` throws */
export async function writeToFile(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  signal?: AbortSignal,
): Promise<number> {
  const { target, stat } = resolveDest(file);
  if (stat?.isDirectory()) throw invalidDest(file, "it is a directory");
  if (stat?.isFIFO()) return await writeToPipe(bytes, target, signal);
  const isReplaced = !stat || stat.isFile();
  const written = isReplaced ? temporaryBeside(target) : target;
  const handle = await openDest(written, isReplaced ? "wx" : "w", file);
  try {
    const sizeBytes = await writeAll(handle, bytes, signal);
    await handle.close();
    if (isReplaced) await rename(written, target);
    return sizeBytes;
  } catch (error) {
    await handle.close().catch(() => {});
    if (isReplaced) await rm(written, { force: true });
    throw explain(error, file);
  }
}

async function writeToPipe(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  signal?: AbortSignal,
): Promise<number> {
  const counter = new ByteCounter();
  try {
    await pipeline(counter.count(bytes), await openPipe(file, signal), { ...(signal && { signal }) });
    return counter.sizeBytes;
  } catch (error) {
    signal?.throwIfAborted();
    throw explain(error, file);
  }
}

/** Lets `write` fill a path and makes that `file`, whole or not at all, as `writeToFile` does.
 * @throws {ExporterError} `INVALID_DEST` | `NO_SPACE`
 * @throws what `write` throws */
export async function placeFile<Value>(
  file: string,
  write: (path: string) => Promise<Value>,
): Promise<Value> {
  const { target, stat } = resolveDest(file);
  if (stat?.isDirectory()) throw invalidDest(file, "it is a directory");
  if (stat && !stat.isFile()) return await write(target);
  const temporary = temporaryBeside(target);
  try {
    const value = await write(temporary);
    await rename(temporary, target);
    return value;
  } catch (error) {
    await rm(temporary, { force: true });
    throw explain(error, file);
  }
}

/** A symbolic link is written through, as other tools do. */
function resolveDest(file: string): { target: string; stat: Stats | undefined } {
  const stat = statSync(file, { throwIfNoEntry: false });
  return { target: stat ? realpathSync(file) : path.resolve(file), stat };
}

function temporaryBeside(file: string): string {
  const name = `.${path.basename(file).slice(0, 200)}.${randomBytes(6).toString("hex")}`;
  return path.join(path.dirname(file), name);
}

async function openDest(written: string, flags: string, file: string): Promise<FileHandle> {
  try {
    return await open(written, flags, 0o666);
  } catch (error) {
    throw explain(error, file);
  }
}

async function writeAll(
  handle: FileHandle,
  bytes: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
    sizeBytes += chunk.length;
  }
  return sizeBytes;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "its directory does not exist",
  ENOTDIR: "a part of its path is no directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "read-only file system",
  EISDIR: "it is a directory",
  EPIPE: "its reader went away",
};

/** The store may well have room. */
export const fullOutputHint =
  'free room on that disk, or name another place; "slipway prune" helps where the store is on it';

function explain(error: unknown, file: string): unknown {
  if (isErrno(error, "ENOSPC", "EDQUOT", "EFBIG")) {
    return new ExporterError("NO_SPACE", `Cannot write ${JSON.stringify(file)}: no space left on device`, {
      cause: error,
      hint: fullOutputHint,
    });
  }
  const reason = isErrno(error, ...Object.keys(reasons)) ? reasons[error.code ?? ""] : undefined;
  return reason === undefined ? error : invalidDest(file, reason); // it would name a temporary file
}

export function invalidDest(file: string, reason: string, cause?: unknown): ExporterError {
  return new ExporterError("INVALID_DEST", `Cannot write ${JSON.stringify(file)}: ${reason}`, { cause });
}
