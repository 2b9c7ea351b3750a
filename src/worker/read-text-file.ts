import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { LayersTree } from "../snapshot/index.ts";
import { resolveInTree, toTreePath } from "../tree/index.ts";

/** The text of a regular file of a stack of layer directories, links resolved inside it; undefined when there is none, or when it is
 * larger than `limitBytes`. */
export function readTextFile(
  lowers: readonly string[],
  file: string,
  limitBytes: number,
): string | undefined {
  const tree = new LayersTree(lowers);
  const resolved = resolveInTree(tree, toTreePath(file));
  if (tree.lstat(resolved)?.type !== "file") return undefined;
  const fd = openSync(tree.hostPath(resolved), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(fd);
    if (size > limitBytes) return undefined;
    const bytes = Buffer.alloc(size);
    return bytes.toString("utf8", 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}
