import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isErrno } from "./errno.ts";
import { makeDirectory } from "./make-directory.ts";

/** In pieces: each is written before the next one is asked for. */
export type FileData = string | Uint8Array | Iterable<Uint8Array>;

/** Writes `file` whole or not at all: readers see the old bytes or the new ones. Creates parent directories.
 * The temporary file lies in `tmpDir` (same file system), or beside `file`. After a power cut the file may be empty. */
export function writeFileAtomic(file: string, data: FileData, tmpDir = path.dirname(file)): void {
  replaceFile(file, tmpDir, (temporary) => writeWithParents(temporary, data));
}

/** `writeFileAtomic` for what may be lost at any time: readers see the old bytes, the new ones or, for a moment, no file. Where ext4 replaces
 * a file, it first brings the new one's bytes to the disk: 4 ms, and 20 where others write too. */
export function writeFileExpendable(file: string, data: FileData, tmpDir = path.dirname(file)): void {
  replaceFile(file, tmpDir, (temporary) => {
    writeWithParents(temporary, data);
    rmSync(file, { force: true });
  });
}

/** `writeFileAtomic` that also outlives a power cut: waits until the bytes are on the disk (some milliseconds). */
export function writeFileDurable(file: string, data: string | Uint8Array, tmpDir = path.dirname(file)): void {
  replaceFile(file, tmpDir, (temporary) => {
    writeWithParents(temporary, data);
    const fd = openSync(temporary, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** `writeFileDurable` for many files, which waits for the disk once. Each file is whole at any time; all are there at the end.
 * @param sync brings everything of the file system that holds a directory onto the disk
 * @param options.tmpDir on the same file system */
export function writeFilesDurable(
  files: ReadonlyMap<string, string>,
  sync: (directory: string) => void,
  { tmpDir }: { readonly tmpDir: string },
): void {
  const temporaries = new Map<string, string>();
  try {
    for (const [file, data] of files) {
      const temporary = temporaryOf(file, tmpDir);
      temporaries.set(file, temporary);
      writeWithParents(temporary, data);
    }
    sync(tmpDir);
    for (const [file, temporary] of temporaries) renameWithParents(temporary, file);
  } catch (error) {
    for (const temporary of temporaries.values()) rmSync(temporary, { force: true });
    throw naming(tmpDir, error);
  }
}

function replaceFile(file: string, tmpDir: string, write: (temporary: string) => void): void {
  const temporary = temporaryOf(file, tmpDir);
  try {
    write(temporary);
    renameWithParents(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw naming(file, error);
  }
}

function temporaryOf(file: string, tmpDir: string): string {
  return path.join(tmpDir, `.${path.basename(file).slice(0, 40)}.${randomBytes(6).toString("hex")}`);
}

/** A failed write(2) knows its descriptor only. */
function naming(file: string, error: unknown): unknown {
  if (isErrno(error, "ENOSPC", "EDQUOT", "EIO") && error.path === undefined) error.message += ` '${file}'`;
  return error;
}

function writeWithParents(file: string, data: FileData): void {
  const fd = openWithParents(file);
  try {
    const isWhole = typeof data === "string" || data instanceof Uint8Array;
    for (const piece of isWhole ? [data] : data) writeFileSync(fd, piece);
  } finally {
    closeSync(fd);
  }
}

function openWithParents(file: string): number {
  try {
    return openSync(file, "wx");
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    makeDirectory(path.dirname(file));
    return openSync(file, "wx");
  }
}

function renameWithParents(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    makeDirectory(path.dirname(to));
    renameSync(from, to);
  }
}
