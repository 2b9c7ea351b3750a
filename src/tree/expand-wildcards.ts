import type { FileTree, TreePath } from "./file-tree.ts";
import { compileGlob, type Glob, hasWildcard } from "./glob.ts";
import { resolveInTree } from "./resolve.ts";
import { notFound, TreeError } from "./tree-error.ts";
import { cleanTreePath, joinTreePath, toText } from "./tree-path.ts";

/** The paths that a pattern of Go's `filepath.Match` names, in byte order; a pattern without wildcards names itself, whether
 * it exists or not. What is in front of the first wildcard must be there. Links in front of the first wildcard are followed, links that a wildcard finds are not entered.
 * @param pattern in latin1
 * @throws {TreeError} `BAD_PATTERN` | `NOT_FOUND` */
export function expandWildcards(tree: FileTree, pattern: string): TreePath[] {
  const components = cleanTreePath(pattern).split("/").slice(1);
  const first = components.findIndex(hasWildcard);
  if (first === -1) return [`/${components.join("/")}`];
  const globs = components.slice(first).map((component) => {
    const glob = compileGlob(toText(component));
    if (!glob)
      throw new TreeError(
        "BAD_PATTERN",
        `Cannot read pattern "${toText(cleanTreePath(pattern))}": syntax error in pattern`,
      );
    return glob;
  });
  const written = `/${components.slice(0, first).join("/")}`;
  const base = resolveInTree(tree, written);
  if (!tree.lstat(base)) throw notFound(written);
  return expandBelow(tree, base, globs);
}

function expandBelow(tree: FileTree, directory: TreePath, globs: readonly Glob[]): TreePath[] {
  const [glob, ...rest] = globs;
  if (!glob) return [directory];
  if (tree.lstat(directory)?.type !== "directory") return [];
  return tree
    .readdir(directory)
    .filter((name) => glob(toText(name)))
    .flatMap((name) => expandBelow(tree, joinTreePath(directory, name), rest));
}
