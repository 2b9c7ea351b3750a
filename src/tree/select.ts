import type { FileTree, TreePath } from "./file-tree.ts";
import { expandWildcards } from "./expand-wildcards.ts";
import { hasWildcard } from "./glob.ts";
import { PatternMatcher } from "./pattern-matcher.ts";
import { resolveInTree } from "./resolve.ts";
import { selectBelow } from "./select-below.ts";
import type { SelectedEntry, SelectedSource, SourcePattern } from "./selection.ts";
import { notFound } from "./tree-error.ts";
import { cleanTreePath, toBytes, toText } from "./tree-path.ts";

/** What a copy action takes from a tree: wildcards expanded, links that a source itself is followed inside the root, excluded
 * files left out. No match of a wildcard is an empty list where the action allows it.
 * @throws {TreeError} `NOT_FOUND` (`"/x": not found`) | `BAD_PATTERN` | `LINK_LOOP` | `UNREADABLE` */
export function selectSources(tree: FileTree, pattern: SourcePattern): SelectedSource[] {
  return Array.from(walkSources(tree, pattern), (source) => ({ ...source, entries: [...source.entries] }));
}

/** `selectSources` that looks no further than it is asked, for callers who need each entry once. The entries of a source come once,
 * before the next source is asked for. */
export function* walkSources(tree: FileTree, pattern: SourcePattern): Generator<SourceWalk> {
  const exclude = pattern.excludePatterns?.length ? new PatternMatcher(pattern.excludePatterns) : undefined;
  if (pattern.parents) {
    yield* walkWithParents(tree, pattern, exclude);
    return;
  }
  const source = toBytes(pattern.source);
  const matches = pattern.allowWildcard ? expandWildcards(tree, source) : [cleanTreePath(source)];
  if (matches.length === 0 && !pattern.allowEmptyWildcard) throw notFound(cleanTreePath(source));
  for (const match of matches) {
    const path = resolveInTree(tree, match, { followLast: pattern.followSymlink });
    const stat = tree.lstat(path);
    if (!stat) throw notFound(match);
    const isContentsOnly = stat.type === "directory" && pattern.copyDirContents;
    const entries = selectBelow(tree, { path, stat, isContentsOnly }, { exclude });
    yield { match, path, stat, isContentsOnly, entries };
  }
}

/** A `SelectedSource` whose entries come one by one. */
export interface SourceWalk extends Omit<SelectedSource, "entries"> {
  readonly entries: Iterable<SelectedEntry>;
}

/** `--parents`: the part before `/./` names directories whose contents are copied, the rest says what of them. */
function* walkWithParents(
  tree: FileTree,
  pattern: SourcePattern,
  exclude: PatternMatcher | undefined,
): Generator<SourceWalk> {
  const pivot = pattern.source.indexOf("/./");
  const [base, rest] =
    pivot === -1 ? ["/", pattern.source] : [pattern.source.slice(0, pivot), pattern.source.slice(pivot + 2)];
  const wantedPath = cleanTreePath(toBytes(rest));
  const wanted = toText(wantedPath.slice(1));
  const include = wanted === "" ? undefined : new PatternMatcher([wanted]);
  for (const match of expandWildcards(tree, toBytes(base))) {
    const path = resolveInTree(tree, match);
    const stat = tree.lstat(path);
    if (!stat) throw notFound(match);
    requirePath(tree, cleanTreePath(toBytes(base)), wantedPath);
    const isContentsOnly = stat.type === "directory";
    const entries = selectBelow(tree, { path, stat, isContentsOnly }, { include, exclude });
    yield { match, path, stat, isContentsOnly, entries };
  }
}

/** A path without wildcards must be there, as for any copy; one with wildcards may match nothing. */
function requirePath(tree: FileTree, base: TreePath, wanted: TreePath): void {
  if (hasWildcard(base) || hasWildcard(wanted)) return;
  const path = cleanTreePath(`${base}${wanted}`);
  if (!tree.lstat(resolveInTree(tree, path, { followLast: false }))) throw notFound(path);
}
