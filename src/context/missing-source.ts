import { nearest } from "../errors/index.ts";
import {
  baseName,
  cleanTreePath,
  type FileTree,
  parentTreePath,
  toBytes,
  toText,
  TreeError,
} from "../tree/index.ts";

export interface ExplainOptions {
  /** Directory of the host. */
  readonly root: string;
  /** What the build sees. */
  readonly tree: FileTree;
  /** The same without ignore patterns. */
  readonly everything: FileTree;
}

/** Adds to `NOT_FOUND` what helps whoever asked for a source: that it is ignored, a name like it, or where it was looked for. */
export function explainMissing(error: unknown, source: string, options: ExplainOptions): unknown {
  if (!(error instanceof TreeError) || error.code !== "NOT_FOUND") return error;
  return new TreeError(error.code, error.message, { cause: error.cause, hint: hintFor(source, options) });
}

function hintFor(source: string, { root, tree, everything }: ExplainOptions): string {
  const path = cleanTreePath(toBytes(source));
  if (everything.lstat(path)) return `"${source}" is in the build context, but the ignore file excludes it`;
  if (tree.readdir("").length === 0) return "the build context is empty: give a directory that holds it";
  const directory = parentTreePath(path);
  const names = tree.lstat(directory)?.type === "directory" ? tree.readdir(directory) : [];
  const name = toText(baseName(path));
  const near = nearest(name, names.map(toText), Math.min(3, name.length));
  const place = `the build context "${root}"`;
  return near === undefined ? `looked for in ${place}` : `did you mean "${near}"? looked for in ${place}`;
}
