import { CodedError } from "../errors/index.ts";

/** Why a process could not be run. That it ran and failed is no error but an exit code. */
export class ExecutorError extends CodedError<
  | "RUNTIME_MISSING"
  | "RUNTIME_FAILED"
  | "COMMAND_NOT_FOUND"
  | "COMMAND_NOT_EXECUTABLE"
  | "UNKNOWN_USER"
  | "UNKNOWN_GROUP"
  | "INVALID_LIMIT"
  | "INVALID_SECCOMP_PROFILE"
> {}
