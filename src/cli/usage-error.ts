import { CodedError } from "../errors/index.ts";

export type UsageErrorCode = "USAGE" | "UNSUPPORTED_OPTION" | "CONTEXT_NOT_FOUND";

/** The command line asks for something that cannot be meant, or that is not carried out. */
export class UsageError extends CodedError<UsageErrorCode> {
  constructor(message: string, options: { hint?: string; code?: UsageErrorCode } = {}) {
    super(options.code ?? "USAGE", message, options);
  }
}
