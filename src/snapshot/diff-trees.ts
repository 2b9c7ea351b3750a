import { closeSync, constants, openSync, readSync } from "node:fs";
import { type FileTree, toText, type TreePath, type TreeStat } from "../tree/index.ts";
import { LayersTree } from "./layers-tree.ts";
import { walkTree } from "./list-tree.ts";

/** A path that is not the same in two trees. */
export interface FileDifference {
  /** Absolute, Unicode text. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  /** Of `changed`: `content`, `mode 0644→0755`, `owner 0:0→1:1`, `target a→b`, `file→directory`, `attributes`. */
  readonly what?: string;
  /** Of regular files. */
  readonly sizeBefore?: number;
  readonly sizeAfter?: number;
}

/** What differs between two stacks of layers: names, types, modes, owners, contents, link targets, extended attributes; never times.
 * Files of layers that both stacks have are not read.
 * @param before absolute directories, bottom first
 * @returns by path, in byte order */
export function diffTrees(before: readonly string[], after: readonly string[]): readonly FileDifference[] {
  const [old, now] = [openTree(before), openTree(after)];
  const paths = new Set([...pathsOf(old), ...pathsOf(now)]);
  const differences: FileDifference[] = [];
  for (const path of [...paths].sort()) {
    const [a, b] = [old?.lstat(path), now?.lstat(path)];
    if (!a && b) differences.push({ path: toText(path), kind: "added", ...sizes(undefined, b) });
    if (a && !b) differences.push({ path: toText(path), kind: "removed", ...sizes(a, undefined) });
    if (!a || !b || !old || !now) continue;
    const what = difference({ tree: old, stat: a }, { tree: now, stat: b }, path);
    if (what) differences.push({ path: toText(path), kind: "changed", what, ...sizes(a, b) });
  }
  return differences;
}

function openTree(layers: readonly string[]): LayersTree | undefined {
  return layers.length > 0 ? new LayersTree(layers) : undefined;
}

function pathsOf(tree: FileTree | undefined): readonly TreePath[] {
  const paths: TreePath[] = [];
  if (tree) walkTree(tree, "/", (path) => path !== "/" && paths.push(path));
  return paths;
}

function sizes(before: TreeStat | undefined, after: TreeStat | undefined): Partial<FileDifference> {
  return {
    ...(before?.type === "file" && { sizeBefore: before.sizeBytes }),
    ...(after?.type === "file" && { sizeAfter: after.sizeBytes }),
  };
}

interface Side {
  readonly tree: LayersTree;
  readonly stat: TreeStat;
}

function difference(before: Side, after: Side, path: TreePath): string | undefined {
  const [a, b] = [before.stat, after.stat];
  if (a.type !== b.type) return `${a.type}→${b.type}`;
  if (!hasSameContent(before, after, path)) {
    if (a.type !== "symlink") return "content";
    return `target ${text(before.tree.readlink(path))}→${text(after.tree.readlink(path))}`;
  }
  if (a.mode !== b.mode && a.type !== "symlink") return `mode ${octal(a.mode)}→${octal(b.mode)}`;
  if (a.uid !== b.uid || a.gid !== b.gid) return `owner ${a.uid}:${a.gid}→${b.uid}:${b.gid}`;
  return attributes(before.tree, path) === attributes(after.tree, path) ? undefined : "attributes";
}

function hasSameContent(before: Side, after: Side, path: TreePath): boolean {
  const [a, b] = [before.stat, after.stat];
  if (a.type === "symlink") return before.tree.readlink(path) === after.tree.readlink(path);
  if (a.type === "device") return a.rdev === b.rdev && a.isBlock === b.isBlock;
  if (a.type !== "file") return true;
  const [left, right] = [before.tree.hostPath(path), after.tree.hostPath(path)];
  return a.sizeBytes === b.sizeBytes && (left.equals(right) || hasSameBytes(left, right));
}

function hasSameBytes(a: Buffer, b: Buffer): boolean {
  const [left, right] = [openFile(a), openFile(b)];
  try {
    for (;;) {
      const [count, other] = [readFully(left, leftBuffer), readFully(right, rightBuffer)];
      if (count !== other || !leftBuffer.subarray(0, count).equals(rightBuffer.subarray(0, other)))
        return false;
      if (count < leftBuffer.length) return true;
    }
  } finally {
    closeSync(left);
    closeSync(right);
  }
}

const leftBuffer = Buffer.allocUnsafeSlow(256 * 1024);
const rightBuffer = Buffer.allocUnsafeSlow(256 * 1024);

function openFile(host: Buffer): number {
  return openSync(host, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

function readFully(fd: number, buffer: Buffer): number {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(fd, buffer, filled, buffer.length - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function attributes(tree: FileTree, path: TreePath): string {
  return tree
    .xattrs(path)
    .map(({ name, value }) => `${name}=${value.toString("hex")}`)
    .join("\n");
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function text(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString();
}
