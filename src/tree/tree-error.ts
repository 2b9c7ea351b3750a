import { CodedError } from "../errors/index.ts";

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
