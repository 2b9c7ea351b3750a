import { CodedError } from "../errors/index.ts";

export type ContextErrorCode =
  /** The context directory is missing or no directory. */
  | "NO_CONTEXT"
  /** An ignore file whose patterns cannot be read. */
  | "BAD_IGNORE_FILE"
  /** The system refuses to read a file that the build needs. */
  | "UNREADABLE";

export class ContextError extends CodedError<ContextErrorCode> {}
