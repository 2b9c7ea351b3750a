import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { toTreeStat, type TreeStat, unreadable } from "../tree/index.ts";

const buffer = Buffer.allocUnsafeSlow(256 * 1024);

export interface HashedFile {
  /** Hex sha256. */
  readonly digest: string;
  /** Of the open file, before its bytes were read. */
  readonly stat: TreeStat;
}

/** Hashes the bytes of a regular file. A link or fifo that took its place meanwhile is neither followed nor waited for.
 * @throws {TreeError} `UNREADABLE` | `NOT_FOUND`, with the path */
export function hashFile(host: Buffer): HashedFile {
  try {
    const fd = openSync(host, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = toTreeStat(fstatSync(fd, { bigint: true }));
      return { digest: hashDescriptor(fd, stat.sizeBytes), stat };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw unreadable(host, error);
  }
}

function hashDescriptor(fd: number, sizeBytes: number): string {
  const first = readSync(fd, buffer, 0, buffer.length, null);
  if (first < buffer.length && first === sizeBytes) return hash("sha256", buffer.subarray(0, first), "hex");
  const whole = createHash("sha256");
  for (let read = first; read > 0; read = readSync(fd, buffer, 0, buffer.length, null))
    whole.update(buffer.subarray(0, read));
  return whole.digest("hex");
}
