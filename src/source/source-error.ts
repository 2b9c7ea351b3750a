import { CodedError } from "../errors/index.ts";

export type SourceErrorCode =
  /** A URL or ref that nothing can be fetched by. */
  | "INVALID_SOURCE"
  /** The server has no such file; the repository has no such ref or directory. */
  | "NOT_FOUND"
  | "UNAUTHORIZED"
  | "DENIED"
  /** The server answered something else. */
  | "BAD_RESPONSE"
  /** The bytes, or the commit, are not those of the checksum. */
  | "DIGEST_MISMATCH"
  | "GIT_MISSING"
  /** git ended with an error: no connection, no access, a broken repository. */
  | "GIT_FAILED";

/** Something that a build names by URL could not be had. Messages name it without credentials. */
export class SourceError extends CodedError<SourceErrorCode> {}
