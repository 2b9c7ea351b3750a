/** A path inside a tree: absolute, `/`-separated, no `.` or `..`, no trailing slash (root is `/`). One character per byte
 * (latin1), so that names which are not UTF-8 survive; convert at the file system's edge with `Buffer.from(path, "latin1")`. */
export type TreePath = string;

export type FileType = "file" | "directory" | "symlink" | "device" | "fifo" | "socket";

export interface TreeStat {
  readonly type: FileType;
  /** Permission bits with setuid, setgid and sticky: `0o7777`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Device and inode, to find hard links; a directory's `nlink` means nothing. In a stack of layers `dev` is the number of
   * the layer: files of two layers are never one file, even where they share an inode. */
  readonly dev: number;
  readonly ino: number;
  readonly nlink: number;
  readonly rdev: number;
  /** Of a device: is it a block device, not a character device? */
  readonly isBlock: boolean;
}

/** An extended attribute; the name in latin1. */
export interface Xattr {
  readonly name: string;
  readonly value: Buffer;
}

/** A read-only tree of files: a directory behind ignore patterns, or a stack of layers seen as one. Synchronous on purpose
 * (bulk file work costs half the CPU that way). No member follows symbolic links; `resolveInTree` does, inside the root:
 * every directory of a path that is handed in must be a real one. */
export interface FileTree {
  /** Undefined when nothing is there. */
  lstat(path: TreePath): TreeStat | undefined;
  /** `lstat` of names that `readdir` of this directory gave, in their order: cheaper than one by one. */
  lstatNames(directory: TreePath, names: readonly string[]): readonly (TreeStat | undefined)[];
  /** Names in byte order. */
  readdir(path: TreePath): readonly string[];
  readlink(path: TreePath): string;
  /** Host path whose bytes are the file's, for open, copy and link. */
  hostPath(path: TreePath): Buffer;
  /** Extended attributes that belong to the file's content (none of the overlay's own), by name in byte order. A build
   * context has none: BuildKit does not carry them either. */
  xattrs(path: TreePath): readonly Xattr[];
}
