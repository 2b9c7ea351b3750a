import type { Xattr } from "../tree/index.ts";

/** What an entry of a tar is. */
export type TarEntryType =
  | "file"
  | "hardlink"
  | "symlink"
  | "character-device"
  | "block-device"
  | "directory"
  | "fifo";

/** One entry of a tar, PAX and GNU extensions applied. Names are byte strings: latin1, one character per byte. */
export interface TarEntry {
  /** As the archive has it: perhaps with `./`, `..`, a leading or a trailing slash. */
  readonly path: string;
  readonly type: TarEntryType;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Size of the file once sparse parts are expanded; 0 for everything but files. */
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  /** Target of a hard link (a path in the archive) or of a symbolic link; empty otherwise. */
  readonly linkPath: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly xattrs: readonly Xattr[];
  /** Is the file stored without its holes? Then its data arrive with gaps, and its end may be a hole. */
  readonly isSparse: boolean;
}

export const tarBlockBytes = 512;

/** Bytes that fill the last block of `sizeBytes` of data. */
export function tarPadding(sizeBytes: number): number {
  const tail = sizeBytes % tarBlockBytes;
  return tail === 0 ? 0 : tarBlockBytes - tail;
}
