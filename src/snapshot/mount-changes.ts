import { type FileChanges, firstChanges, joinTreePath, toText, toTreePath } from "../tree/index.ts";
import { diffTrees, type FileDifference } from "./diff-trees.ts";
import { listTree } from "./list-tree.ts";

/** What a reason is worth to read: half a second of a common disk. */
const limitBytes = 256 * 1024 * 1024;

/** What a bind mount of a stack of layers shows otherwise than it did.
 * @param mount.selector what is shown of the stack
 * @param mount.dest where; paths begin with it
 * @returns undefined when there is more to read than a reason is worth */
export function mountChanges(
  before: readonly string[],
  after: readonly string[],
  { selector, dest }: { selector: string; dest: string },
): FileChanges | undefined {
  const sizeBytes = listTree(after, selector).reduce((sum, file) => sum + file.sizeBytes, 0);
  if (sizeBytes > limitBytes) return undefined;
  const differences = diffTrees(before, after, selector);
  return firstChanges(differences.map((each) => toChange(each, dest)));
}

function toChange({ path, kind, what }: FileDifference, dest: string) {
  const place = path === "/" ? dest : toText(joinTreePath(toTreePath(dest), toTreePath(path).slice(1)));
  return { path: place, what: wordsOf(kind, what) };
}

function wordsOf(kind: FileDifference["kind"], what: FileDifference["what"]): string {
  if (kind !== "changed") return kind;
  return what === "content" || what === undefined ? "changed" : what;
}
