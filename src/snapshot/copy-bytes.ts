import { createHash, hash } from "node:crypto";
import { readSync, writeSync } from "node:fs";
import { copyFileRange } from "../sys/index.ts";

const buffer = Buffer.allocUnsafeSlow(1024 * 1024);

export interface CopiedBytes {
  /** Hex sha256 of what was written. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Copies all bytes from one descriptor's position to an empty file, and hashes what was written. Where the file system can share
 * blocks, those of a large file are shared.
 * @param fromFd undefined: nothing is copied
 * @param toFd open for reading and writing */
export function copyBytes(fromFd: number | undefined, toFd: number, expectedBytes: number): CopiedBytes {
  if (fromFd === undefined) return { digest: hash("sha256", "", "hex"), sizeBytes: 0 };
  if (expectedBytes > buffer.length && tryCopyRange(fromFd, toFd)) return hashWritten(toFd);
  const first = readSync(fromFd, buffer, 0, buffer.length, null);
  writeAll(toFd, first);
  if (first < buffer.length && first === expectedBytes)
    return { digest: hash("sha256", buffer.subarray(0, first), "hex"), sizeBytes: first };
  const whole = createHash("sha256");
  let sizeBytes = 0;
  for (let read = first; read > 0; ) {
    whole.update(buffer.subarray(0, read));
    sizeBytes += read;
    read = readSync(fromFd, buffer, 0, buffer.length, null);
    writeAll(toFd, read);
  }
  return { digest: whole.digest("hex"), sizeBytes };
}

/** Hex sha256 of a file from its beginning. */
export function hashWritten(fd: number): CopiedBytes {
  const whole = createHash("sha256");
  let sizeBytes = 0;
  for (let read = 1; read > 0; ) {
    read = readSync(fd, buffer, 0, buffer.length, sizeBytes);
    whole.update(buffer.subarray(0, read));
    sizeBytes += read;
  }
  return { digest: whole.digest("hex"), sizeBytes };
}

/** False, and nothing written, where the kernel cannot copy between these files. */
function tryCopyRange(fromFd: number, toFd: number): boolean {
  const LENGTH = 1 << 30;
  try {
    if (copyFileRange(fromFd, toFd, LENGTH) === 0) return true;
  } catch (error) {
    if (isUnsupported(error)) return false;
    throw error;
  }
  while (copyFileRange(fromFd, toFd, LENGTH) > 0);
  return true;
}

function isUnsupported(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    ["EXDEV", "EOPNOTSUPP", "ENOTSUP", "EINVAL", "ENOSYS", "EPERM"].includes(String(error.code))
  );
}

function writeAll(fd: number, length: number): void {
  for (let done = 0; done < length; ) done += writeSync(fd, buffer, done, length - done);
}
