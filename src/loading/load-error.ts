import { CodedError } from "../errors/index.ts";

export type LoadErrorCode =
  /** None was named, and none is found. */
  | "NO_ENGINE"
  /** It would keep nothing of an image without a name. */
  | "NAME_MISSING"
  /** It is not installed, or does not answer. */
  | "ENGINE_UNREACHABLE"
  /** It answered with an error. */
  | "ENGINE_FAILED";

/** An image that could not be handed to another engine. */
export class LoadError extends CodedError<LoadErrorCode> {}
