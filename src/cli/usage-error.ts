import { CodedError } from "../errors/index.ts";

/** The command line asks for something that cannot be meant, or that is not carried out. */
export class UsageError extends CodedError<"USAGE" | "UNSUPPORTED_OPTION"> {
  constructor(message: string, options: { hint?: string; code?: "USAGE" | "UNSUPPORTED_OPTION" } = {}) {
    super(options.code ?? "USAGE", message, options);
  }
}
