import { CodedError, type CodedErrorOptions } from "../errors/index.ts";

/** - `COMPOSE_NOT_FOUND`: no Compose file, environment file, or service of that name
 * - `COMPOSE_INVALID`: the file is wrong
 * - `COMPOSE_UNSUPPORTED`: the file asks for what is not carried out
 * - `COMPOSE_RUNNING`: the project is up already, or is not
 * - `COMPOSE_DEPENDENCY`: a service is not what another one that depends on it waits for
 * - `COMPOSE_PORT`: a port cannot be published */
export type ComposeErrorCode =
  | "COMPOSE_NOT_FOUND"
  | "COMPOSE_INVALID"
  | "COMPOSE_UNSUPPORTED"
  | "COMPOSE_RUNNING"
  | "COMPOSE_DEPENDENCY"
  | "COMPOSE_PORT";

export class ComposeError extends CodedError<ComposeErrorCode> {
  constructor(code: ComposeErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, options);
  }
}
