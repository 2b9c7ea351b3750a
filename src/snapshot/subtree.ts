import { type FileTree, joinTreePath, type TreePath, type TreeStat, type Xattr } from "../tree/index.ts";

/** A directory of a tree as a tree of its own. */
export class Subtree implements FileTree {
  readonly #tree: FileTree;
  readonly #root: TreePath;

  constructor(tree: FileTree, root: TreePath) {
    this.#tree = tree;
    this.#root = root;
  }

  lstat(path: TreePath): TreeStat | undefined {
    return this.#tree.lstat(this.#inside(path));
  }

  lstatNames(directory: TreePath, names: readonly string[]): readonly (TreeStat | undefined)[] {
    return this.#tree.lstatNames(this.#inside(directory), names);
  }

  readdir(path: TreePath): readonly string[] {
    return this.#tree.readdir(this.#inside(path));
  }

  readlink(path: TreePath): string {
    return this.#tree.readlink(this.#inside(path));
  }

  hostPath(path: TreePath): Buffer {
    return this.#tree.hostPath(this.#inside(path));
  }

  xattrs(path: TreePath): readonly Xattr[] {
    return this.#tree.xattrs(this.#inside(path));
  }

  #inside(path: TreePath): TreePath {
    return path === "/" ? this.#root : joinTreePath(this.#root, path.slice(1));
  }
}
