import { CodedError, type CodedErrorOptions } from "../errors/index.ts";

export type RegistryErrorCode =
  /** No or wrong credentials (401, or a token that was refused). */
  | "UNAUTHORIZED"
  /** Known who asks, and refused (403). */
  | "DENIED"
  | "NOT_FOUND"
  /** No connection: name, route, port, TLS. */
  | "UNREACHABLE"
  /** The transfer broke off again and again. */
  | "INTERRUPTED"
  | "TOO_MANY_REQUESTS"
  | "SERVER_ERROR"
  /** The registry answered something that the distribution specification does not allow. */
  | "BAD_RESPONSE"
  | "DIGEST_MISMATCH"
  | "SIZE_EXCEEDED"
  /** What is to be pushed, or was announced to be pulled, has another size than its descriptor says. */
  | "SIZE_MISMATCH"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "PLATFORM_NOT_FOUND";

export interface RegistryErrorOptions extends CodedErrorOptions {
  /** Worth another try of the same request. */
  readonly isTransient?: boolean;
  /** How long the registry asked to wait before that. */
  readonly retryAfterMs?: number | undefined;
}

/** Something went wrong between us and a registry. Messages name the image and the registry, never credentials. */
export class RegistryError extends CodedError<RegistryErrorCode> {
  readonly isTransient: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: RegistryErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(code, message, options);
    this.isTransient = options.isTransient ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}
