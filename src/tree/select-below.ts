import type { FileTree, TreePath, TreeStat } from "./file-tree.ts";
import type { ParentMatches, PatternMatcher } from "./pattern-matcher.ts";
import { compileReach, type Reach } from "./reach.ts";
import type { SelectedEntry } from "./selection.ts";
import { joinTreePath, toText } from "./tree-path.ts";

export interface SelectionFilter {
  /** Only what matches, and the directories above it. */
  readonly include?: PatternMatcher | undefined;
  readonly exclude?: PatternMatcher | undefined;
}

/** The entries of one source, found as they are asked for: itself (unless it stands for its contents) and everything below that the
 * filter lets through. The source itself is never filtered. A directory that is filtered out appears when something below it does
 * not. */
export function* selectBelow(
  tree: FileTree,
  source: { path: TreePath; stat: TreeStat; isContentsOnly: boolean },
  filter: SelectionFilter,
): Generator<SelectedEntry> {
  const walk = new Walk(tree, filter);
  if (!source.isContentsOnly) yield walk.entry(source.path, "", source.stat);
  if (source.stat.type === "directory") yield* walk.descend(source.path, "", undefined);
}

interface Verdicts {
  readonly include: ParentMatches | undefined;
  readonly exclude: ParentMatches | undefined;
}

class Walk {
  readonly #tree: FileTree;
  readonly #filter: SelectionFilter;
  readonly #isFiltered: boolean;
  readonly #includeReach: readonly Reach[];
  readonly #exceptionReach: readonly Reach[];
  /** First name of each file with more than one link. */
  readonly #firstNames = new Map<string, string>();
  /** Directories on the way down that are not entries yet. */
  readonly #pending: { path: TreePath; name: string; stat: TreeStat }[] = [];

  constructor(tree: FileTree, filter: SelectionFilter) {
    this.#tree = tree;
    this.#filter = filter;
    this.#isFiltered = filter.include !== undefined || filter.exclude !== undefined;
    this.#includeReach = (filter.include?.patterns ?? []).map(({ text }) => compileReach(text));
    this.#exceptionReach = (filter.exclude?.patterns ?? [])
      .filter((pattern) => pattern.isException)
      .map(({ text }) => compileReach(text));
  }

  *descend(directory: TreePath, prefix: string, parent: Verdicts | undefined): Generator<SelectedEntry> {
    for (const base of this.#tree.readdir(directory)) {
      const name = prefix === "" ? base : `${prefix}/${base}`;
      const text = this.#isFiltered ? toText(name) : name;
      const include = this.#filter.include?.matchBelow(text, parent?.include);
      const exclude = this.#filter.exclude?.matchBelow(text, parent?.exclude);
      const isSelected = (include?.isMatched ?? true) && !(exclude?.isMatched ?? false);
      if (!isSelected && !this.#canSelectBelow(text, include?.isMatched, exclude?.isMatched)) continue;
      const path = joinTreePath(directory, base);
      const stat = this.#tree.lstat(path);
      if (!stat) continue;
      if (isSelected) {
        if (this.#pending.length > 0) yield* this.#takePending();
        yield this.entry(path, name, stat);
      }
      if (stat.type !== "directory") continue;
      if (!isSelected) this.#pending.push({ path, name, stat });
      yield* this.descend(path, name, { include: include?.matches, exclude: exclude?.matches });
      if (this.#pending.at(-1)?.path === path) this.#pending.pop();
    }
  }

  #canSelectBelow(directory: string, isIncluded = true, isExcluded = false): boolean {
    if (isExcluded && !this.#exceptionReach.some((reach) => reach(directory))) return false;
    return isIncluded || this.#includeReach.some((reach) => reach(directory));
  }

  #takePending(): SelectedEntry[] {
    const directories = this.#pending.splice(0);
    return directories.map((directory) => ({ ...directory, xattrs: this.#tree.xattrs(directory.path) }));
  }

  entry(path: TreePath, name: string, stat: TreeStat): SelectedEntry {
    const xattrs = this.#tree.xattrs(path);
    if (stat.type === "symlink") return { path, name, stat, xattrs, linkTarget: this.#tree.readlink(path) };
    const hardLinkTo = this.#findHardLink(name, stat);
    return hardLinkTo === undefined ? { path, name, stat, xattrs } : { path, name, stat, xattrs, hardLinkTo };
  }

  #findHardLink(name: string, stat: TreeStat): string | undefined {
    if (stat.type !== "file" || stat.nlink < 2) return undefined;
    const key = `${stat.dev}:${stat.ino}`;
    const first = this.#firstNames.get(key);
    if (first === undefined) this.#firstNames.set(key, name);
    return first;
  }
}
