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

/** A source whose entries are asked for. */
export interface SelectionRoot {
  readonly path: TreePath;
  readonly stat: TreeStat;
  /** It stands for its contents, and is no entry itself. */
  readonly isContentsOnly: boolean;
}

/** The entries of one source, found as they are asked for: itself (unless it stands for its contents) and everything below that the
 * filter lets through. The source itself is never filtered. A directory that is filtered out appears when something below it does
 * not. */
export function selectBelow(
  tree: FileTree,
  source: SelectionRoot,
  filter: SelectionFilter,
): Generator<SelectedEntry> {
  return new Walk(tree, filter).entries(source);
}

/** What the filter says of one path. */
interface Verdict {
  readonly isSelected: boolean;
  readonly include: ParentMatches | undefined;
  readonly exclude: ParentMatches | undefined;
}

const SELECTED: Verdict = { isSelected: true, include: undefined, exclude: undefined };

/** A directory that the walk is in. */
interface OpenDirectory {
  readonly path: TreePath;
  /** What the names of its entries begin with, and their paths. */
  readonly namePrefix: string;
  readonly pathPrefix: string;
  readonly verdict: Verdict;
  /** Names that were not looked at yet begin at `next`. */
  readonly names: readonly string[];
  next: number;
  looked: LookedAt;
}

/** Names of a directory that the filter lets through, or may let something below through, each with what it is now. */
interface LookedAt {
  readonly names: readonly string[];
  readonly stats: readonly (TreeStat | undefined)[];
  /** Absent without a filter. */
  readonly verdicts?: readonly Verdict[];
  next: number;
}

const NOTHING: LookedAt = { names: [], stats: [], next: 0 };

/** So many names are looked at at once: a copy takes each soon after. */
const AT_ONCE = 128;

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

  /** A stack of its own: a generator in a generator would hand each entry up from level to level. */
  *entries(source: SelectionRoot): Generator<SelectedEntry> {
    if (!source.isContentsOnly) yield this.#entry(source.path, "", source.stat);
    const open = source.stat.type === "directory" ? [this.#open(source.path, "", SELECTED)] : [];
    for (let directory = open[0]; directory; directory = open.at(-1)) {
      const { looked } = directory;
      if (looked.next === looked.names.length) {
        if (this.#lookAtMore(directory)) continue;
        open.pop();
        if (this.#pending.at(-1)?.path === directory.path) this.#pending.pop();
        continue;
      }
      const index = looked.next++;
      const stat = looked.stats[index];
      if (!stat) continue;
      const base = looked.names[index]!;
      const name = directory.namePrefix + base;
      const path = directory.pathPrefix + base;
      const verdict = looked.verdicts?.[index] ?? SELECTED;
      if (verdict.isSelected) {
        if (this.#pending.length > 0) yield* this.#takePending();
        yield this.#entry(path, name, stat);
      }
      if (stat.type !== "directory") continue;
      if (!verdict.isSelected) this.#pending.push({ path, name, stat });
      open.push(this.#open(path, name, verdict));
    }
  }

  #open(path: TreePath, name: string, verdict: Verdict): OpenDirectory {
    const namePrefix = name === "" ? "" : `${name}/`;
    const pathPrefix = joinTreePath(path, "");
    return {
      path,
      namePrefix,
      pathPrefix,
      verdict,
      names: this.#tree.readdir(path),
      next: 0,
      looked: NOTHING,
    };
  }

  /** False when there are no more names. */
  #lookAtMore(directory: OpenDirectory): boolean {
    const { path, names, next } = directory;
    if (next === names.length) return false;
    directory.next = Math.min(next + AT_ONCE, names.length);
    const some = names.length <= AT_ONCE ? names : names.slice(next, directory.next);
    const judged = this.#isFiltered ? this.#judge(directory, some) : { names: some };
    directory.looked = { ...judged, stats: this.#tree.lstatNames(path, judged.names), next: 0 };
    return true;
  }

  #judge(directory: OpenDirectory, some: readonly string[]): { names: string[]; verdicts: Verdict[] } {
    const names: string[] = [];
    const verdicts: Verdict[] = [];
    for (const base of some) {
      const text = toText(directory.namePrefix + base);
      const include = this.#filter.include?.matchBelow(text, directory.verdict.include);
      const exclude = this.#filter.exclude?.matchBelow(text, directory.verdict.exclude);
      const isSelected = (include?.isMatched ?? true) && !(exclude?.isMatched ?? false);
      if (!isSelected && !this.#canSelectBelow(text, include?.isMatched, exclude?.isMatched)) continue;
      names.push(base);
      verdicts.push({ isSelected, include: include?.matches, exclude: exclude?.matches });
    }
    return { names, verdicts };
  }

  #canSelectBelow(directory: string, isIncluded = true, isExcluded = false): boolean {
    if (isExcluded && !this.#exceptionReach.some((reach) => reach(directory))) return false;
    return isIncluded || this.#includeReach.some((reach) => reach(directory));
  }

  #takePending(): SelectedEntry[] {
    const directories = this.#pending.splice(0);
    return directories.map((directory) => ({ ...directory, xattrs: this.#tree.xattrs(directory.path) }));
  }

  #entry(path: TreePath, name: string, stat: TreeStat): SelectedEntry {
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
