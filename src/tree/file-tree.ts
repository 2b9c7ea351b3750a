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
  /** Device and inode, to find hard links; a directory's `nlink` means nothing. */
  readonly dev: number;
  readonly ino: number;
  readonly nlink: number;
  readonly rdev: number;
}

/** A read-only tree of files: a directory behind ignore patterns, or a stack of layers seen as one. Synchronous on purpose
 * (bulk file work costs half the CPU that way). No member follows symbolic links; `resolveInTree` does, inside the root. */
export interface FileTree {
  /** Undefined when nothing is there. */
  lstat(path: TreePath): TreeStat | undefined;
  /** Names in byte order. */
  readdir(path: TreePath): readonly string[];
  readlink(path: TreePath): string;
  /** Host path whose bytes are the file's, for open, copy and link. */
  hostPath(path: TreePath): Buffer;
}
