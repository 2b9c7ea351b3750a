import type { FileTree, TreePath, TreeStat, Xattr } from "./file-tree.ts";
import { type MatchResult, PatternMatcher } from "./pattern-matcher.ts";
import { compileReach } from "./reach.ts";
import { joinTreePath, parentTreePath, toText } from "./tree-path.ts";

/** The tree without what the ignore patterns exclude. An excluded directory is opened only when an exception (`!`) can match
 * below it, and shown only when one does, as BuildKit's transfer of a build context does it.
 * @throws {TreeError} `BAD_PATTERN` */
export function excludedTree(tree: FileTree, patterns: readonly string[]): FileTree {
  const matcher = new PatternMatcher(patterns);
  return matcher.patterns.length === 0 ? tree : new ExcludedTree(tree, matcher);
}

class ExcludedTree implements FileTree {
  readonly #tree: FileTree;
  readonly #matcher: PatternMatcher;
  readonly #reaches: readonly ((directory: string) => boolean)[];
  readonly #directories = new Map<TreePath, MatchResult>();
  readonly #shown = new Map<TreePath, boolean>();

  constructor(tree: FileTree, matcher: PatternMatcher) {
    this.#tree = tree;
    this.#matcher = matcher;
    this.#reaches = matcher.patterns
      .filter((pattern) => pattern.isException)
      .map((pattern) => compileReach(pattern.text));
  }

  lstat(path: TreePath): TreeStat | undefined {
    if (path === "/" || !this.#match(path).isMatched) return this.#tree.lstat(path);
    if (!this.#canHoldExceptions(path)) return undefined;
    const stat = this.#tree.lstat(path);
    return stat?.type === "directory" && this.#isShown(path) ? stat : undefined;
  }

  lstatNames(directory: TreePath, names: readonly string[]): readonly (TreeStat | undefined)[] {
    return this.#tree.lstatNames(directory, names);
  }

  readdir(path: TreePath): readonly string[] {
    const parent = path === "/" ? undefined : this.#matchDirectory(path);
    return this.#tree.readdir(path).filter((name) => {
      const child = joinTreePath(path, name);
      if (!this.#matcher.matchBelow(relative(child), parent?.matches).isMatched) return true;
      return (
        this.#canHoldExceptions(child) &&
        this.#tree.lstat(child)?.type === "directory" &&
        this.#isShown(child)
      );
    });
  }

  readlink(path: TreePath): string {
    return this.#tree.readlink(path);
  }

  hostPath(path: TreePath): Buffer {
    return this.#tree.hostPath(path);
  }

  xattrs(path: TreePath): readonly Xattr[] {
    return this.#tree.xattrs(path);
  }

  #match(path: TreePath): MatchResult {
    const parent = parentTreePath(path);
    return this.#matcher.matchBelow(
      relative(path),
      parent === "/" ? undefined : this.#matchDirectory(parent).matches,
    );
  }

  #matchDirectory(path: TreePath): MatchResult {
    const known = this.#directories.get(path);
    if (known) return known;
    const result = this.#match(path);
    this.#directories.set(path, result);
    return result;
  }

  #canHoldExceptions(path: TreePath): boolean {
    const directory = relative(path);
    return this.#reaches.some((reaches) => reaches(directory));
  }

  /** An excluded directory is shown when something below it is. */
  #isShown(path: TreePath): boolean {
    let isShown = this.#shown.get(path);
    if (isShown === undefined) {
      isShown = this.readdir(path).length > 0;
      this.#shown.set(path, isShown);
    }
    return isShown;
  }
}

function relative(path: TreePath): string {
  return toText(path.slice(1));
}
