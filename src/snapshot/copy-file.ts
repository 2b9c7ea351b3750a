import { closeSync, constants, fchmodSync, fstatSync, lchownSync, openSync } from "node:fs";
import { setDescriptorTimes } from "../sys/index.ts";
import { toText, TreeError, type TreePath, type Xattr } from "../tree/index.ts";
import { applyXattrs } from "./apply-xattrs.ts";
import { type CopiedBytes, copyBytes } from "./copy-bytes.ts";
import type { NumericOwner } from "./file-owner.ts";

/** A regular file of a new layer, as it is to be. */
export interface FileCopy extends NumericOwner {
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly Xattr[];
  /** What it will hold, as far as is known. */
  readonly sizeBytes: number;
}

/** What the kernel gives to files that this process makes (in directories without the setgid bit). */
export interface Creator extends NumericOwner {
  readonly umask: number;
}

export function currentCreator(): Creator {
  return { uid: process.geteuid!(), gid: process.getegid!(), umask: process.umask() };
}

/** Makes a file where nothing is.
 * @param fromFd its bytes; undefined: none
 * @throws `EEXIST` */
export function createFile(
  host: string | Buffer,
  fromFd: number | undefined,
  file: FileCopy,
  creator: Creator,
): CopiedBytes {
  const { mode, uid, gid } = file;
  const fd = openSync(host, EXCLUSIVE, mode & 0o777);
  try {
    const copied = copyBytes(fromFd, fd, file.sizeBytes);
    // not needed for most files, and bulk work feels each call: a new file belongs to this process
    const isOwn = uid === creator.uid && gid === creator.gid;
    if (!isOwn) lchownSync(host, uid, gid);
    if (!isOwn || (mode & (0o7000 | creator.umask)) !== 0) fchmodSync(fd, mode);
    applyXattrs(host, file.xattrs);
    setDescriptorTimes(fd, file.mtimeNs);
    return copied;
  } finally {
    closeSync(fd);
  }
}

const EXCLUSIVE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

/** @param path what to call it in the message
 * @throws {TreeError} `UNREADABLE` */
export function requireRegularFile(fd: number, path: TreePath): void {
  if (fstatSync(fd).isFile()) return;
  throw new TreeError("UNREADABLE", `Cannot read "${toText(path)}": it is no longer a regular file`);
}
