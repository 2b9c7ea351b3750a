import {
  type FileTree,
  type FileType,
  joinTreePath,
  resolveInTree,
  toText,
  type TreePath,
  toTreePath,
} from "../tree/index.ts";
import { LayersTree } from "./layers-tree.ts";

/** One file of a stack of layers as it is seen from the top. */
export interface ListedFile {
  /** Absolute, Unicode text. */
  readonly path: string;
  readonly type: FileType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a regular file; 0 for a further hard link of one listed before, and for everything else. */
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly linkTarget?: string;
  /** Number of the layer that it comes from, the bottom one is 0. */
  readonly layer: number;
}

/** What is at `under` (links resolved inside the tree) and below, a directory before what is in it, names in byte order.
 * @param layers absolute directories, bottom first
 * @throws {TreeError} `NOT_FOUND` when nothing is there */
export function listTree(layers: readonly string[], under = "/"): readonly ListedFile[] {
  if (layers.length === 0) return [];
  const tree = new LayersTree(layers);
  const listed: ListedFile[] = [];
  const inodes = new Set<string>();
  walkTree(tree, resolveInTree(tree, toTreePath(under)), (path) => {
    const stat = tree.lstat(path);
    if (!stat) return;
    const inode = `${stat.dev} ${stat.ino}`;
    const isCounted = stat.type === "file" && (stat.nlink === 1 || !inodes.has(inode));
    if (stat.nlink > 1) inodes.add(inode);
    listed.push({
      path: toText(path),
      type: stat.type,
      mode: stat.mode,
      uid: stat.uid,
      gid: stat.gid,
      sizeBytes: isCounted ? stat.sizeBytes : 0,
      mtimeSeconds: Number(stat.mtimeNs / 1_000_000_000n),
      layer: stat.dev,
      ...(stat.type === "symlink" && { linkTarget: Buffer.from(tree.readlink(path), "latin1").toString() }),
    });
  });
  return listed;
}

/** Visits a path and everything below it, without recursion: a tree may be deeper than the stack.
 * @throws {TreeError} `NOT_FOUND` */
export function walkTree(tree: FileTree, top: TreePath, visit: (path: TreePath) => void): void {
  const pending: TreePath[] = [top];
  tree.hostPath(top); // throws when nothing is there
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    visit(path);
    if (tree.lstat(path)?.type !== "directory") continue;
    for (const name of tree.readdir(path).toReversed()) pending.push(joinTreePath(path, name));
  }
}
