import type { FileTree, TreePath } from "./file-tree.ts";
import { TreeError } from "./tree-error.ts";
import { cleanTreePath, joinTreePath, parentTreePath, toText } from "./tree-path.ts";

const MAX_LINKS = 255;

/** Follows symbolic links inside the root: absolute targets start at the tree's root, and `..` stops there. The rest of a
 * path that does not exist stays as it is, so the result may name nothing.
 * @param options.followLast follow a link that the last component itself is (default: true)
 * @throws {TreeError} `LINK_LOOP` after 255 links */
export function resolveInTree(
  tree: Pick<FileTree, "lstat" | "readlink">,
  path: TreePath,
  options: { followLast?: boolean } = {},
): TreePath {
  const followLast = options.followLast ?? true;
  const pending = cleanTreePath(path).split("/").slice(1).toReversed();
  let [resolved, links]: [TreePath, number] = ["/", 0];
  while (pending.length > 0) {
    const part = pending.pop()!;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      resolved = parentTreePath(resolved);
      continue;
    }
    const next = joinTreePath(resolved, part);
    const isLink = (followLast || pending.length > 0) && tree.lstat(next)?.type === "symlink";
    if (!isLink) {
      resolved = next;
      continue;
    }
    if (++links > MAX_LINKS)
      throw new TreeError("LINK_LOOP", `Cannot resolve "${toText(path)}": too many symbolic links`);
    const target = tree.readlink(next);
    if (target.startsWith("/")) resolved = "/";
    pending.push(...target.split("/").toReversed());
  }
  return resolved;
}
