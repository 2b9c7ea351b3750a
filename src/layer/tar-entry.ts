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

/** An entry of root's without times, links or attributes: what an archive that nobody unpacks for its owners holds. */
export function plainEntry(
  entry: Pick<TarEntry, "path" | "type" | "mode"> & Partial<Pick<TarEntry, "sizeBytes">>,
): TarEntry {
  return {
    uid: 0,
    gid: 0,
    sizeBytes: 0,
    mtimeNs: 0n,
    linkPath: "",
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: [],
    isSparse: false,
    ...entry,
  };
}

export const tarBlockBytes = 512;

/** Bytes that fill the last block of `sizeBytes` of data. */
export function tarPadding(sizeBytes: number): number {
  const tail = sizeBytes % tarBlockBytes;
  return tail === 0 ? 0 : tarBlockBytes - tail;
}
