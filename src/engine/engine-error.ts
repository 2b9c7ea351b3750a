import { CodedError } from "../errors/index.ts";

export type EngineErrorCode =
  /** A process ended with another exit code than 0. */
  | "RUN_FAILED"
  /** A secret or agent that a step requires was not given. */
  | "SECRET_NOT_FOUND"
  /** A step put the value of a secret into what it made. */
  | "SECRET_IN_IMAGE";

/** A step that could not be done. */
export class EngineError extends CodedError<EngineErrorCode> {}
