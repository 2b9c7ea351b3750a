import { type FileTree, type TreePath, type TreeStat, unreadable } from "../tree/index.ts";

const root: TreeStat = {
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  mtimeNs: 0n,
  ctimeNs: 0n,
  dev: 0,
  ino: 0,
  nlink: 1,
  rdev: 0,
  isBlock: false,
};

/** The tree of a stack without layers (scratch): a root directory, and nothing in it. */
export const emptyTree: FileTree = {
  lstat: (path) => (path === "/" ? root : undefined),
  lstatNames: () => [],
  readdir: (path) => (path === "/" ? [] : missing(path)),
  readlink: missing,
  hostPath: missing,
  xattrs: (path) => (path === "/" ? [] : missing(path)),
};

function missing(path: TreePath): never {
  throw unreadable(path, Object.assign(new Error("not found"), { code: "ENOENT" }));
}
