import { CodedError } from "../errors/index.ts";
import type { TreePath } from "./file-tree.ts";
import { toText } from "./tree-path.ts";

export type TreeErrorCode =
  /** A path that was asked for is not there. */
  | "NOT_FOUND"
  /** Symbolic links that never end. */
  | "LINK_LOOP"
  /** A wildcard or ignore pattern that cannot be read. */
  | "BAD_PATTERN"
  /** The system refuses to read a file or directory. */
  | "UNREADABLE";

export class TreeError extends CodedError<TreeErrorCode> {}

/** A source that is not there, in BuildKit's words. */
export function notFound(path: TreePath): TreeError {
  return new TreeError("NOT_FOUND", `"${toText(path)}": not found`);
}

/** Runs what opens a file that a walk found a moment ago; that it is gone is told as that.
 * @throws {TreeError} `NOT_FOUND`, or what `open` throws */
export function openFound<Value>(path: TreePath, open: () => Value): Value {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof TreeError) || error.code !== "NOT_FOUND") throw error;
    const message = `Cannot read "${toText(path)}": it was there, and was deleted while the build read its context`;
    throw new TreeError("NOT_FOUND", message, {
      cause: error,
      hint: "build again when nothing changes the context",
    });
  }
}
