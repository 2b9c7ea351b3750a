import { closeSync, constants, openSync, readSync } from "node:fs";
import {
  joinTreePath,
  resolveInTree,
  toText,
  toTreePath,
  type TreePath,
  type TreeStat,
} from "../tree/index.ts";
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
 * @param under what is compared, and what is below it; links are resolved inside each tree
 * @returns by path below `under`, in byte order */
export function diffTrees(
  before: readonly string[],
  after: readonly string[],
  under = "/",
): readonly FileDifference[] {
  const [old, now] = [filesUnder(before, under), filesUnder(after, under)];
  const differences: FileDifference[] = [];
  for (const name of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [a, b] = [old.get(name), now.get(name)];
    const path = toText(name);
    if (!a && b) differences.push({ path, kind: "added", ...sizes(undefined, b.stat) });
    if (a && !b) differences.push({ path, kind: "removed", ...sizes(a.stat, undefined) });
    const what = a && b && difference(a, b);
    if (what) differences.push({ path, kind: "changed", what, ...sizes(a.stat, b.stat) });
  }
  return differences;
}

/** By path below `under`, where `/` is what `under` names itself; not the root of the tree. */
function filesUnder(layers: readonly string[], under: string): ReadonlyMap<TreePath, Side> {
  const files = new Map<TreePath, Side>();
  if (layers.length === 0) return files;
  const tree = new LayersTree(layers);
  const top = resolveInTree(tree, toTreePath(under));
  if (!tree.lstat(top)) return files;
  walkTree(tree, top, (path) => {
    const stat = path === "/" ? undefined : tree.lstat(path);
    const name = top === "/" ? path : joinTreePath("/", path.slice(top.length + 1));
    if (stat) files.set(name, { tree, path, stat });
  });
  return files;
}

function sizes(before: TreeStat | undefined, after: TreeStat | undefined): Partial<FileDifference> {
  return {
    ...(before?.type === "file" && { sizeBefore: before.sizeBytes }),
    ...(after?.type === "file" && { sizeAfter: after.sizeBytes }),
  };
}

interface Side {
  readonly tree: LayersTree;
  readonly path: TreePath;
  readonly stat: TreeStat;
}

function difference(before: Side, after: Side): string | undefined {
  const [a, b] = [before.stat, after.stat];
  if (a.type !== b.type) return `${a.type}→${b.type}`;
  if (!hasSameContent(before, after)) {
    if (a.type !== "symlink") return "content";
    return `target ${text(linkOf(before))}→${text(linkOf(after))}`;
  }
  if (a.mode !== b.mode && a.type !== "symlink") return `mode ${octal(a.mode)}→${octal(b.mode)}`;
  if (a.uid !== b.uid || a.gid !== b.gid) return `owner ${a.uid}:${a.gid}→${b.uid}:${b.gid}`;
  return attributes(before) === attributes(after) ? undefined : "attributes";
}

function hasSameContent(before: Side, after: Side): boolean {
  const [a, b] = [before.stat, after.stat];
  if (a.type === "symlink") return linkOf(before) === linkOf(after);
  if (a.type === "device") return a.rdev === b.rdev && a.isBlock === b.isBlock;
  if (a.type !== "file") return true;
  const [left, right] = [before.tree.hostPath(before.path), after.tree.hostPath(after.path)];
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

function linkOf({ tree, path }: Side): string {
  return tree.readlink(path);
}

function attributes({ tree, path }: Side): string {
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
