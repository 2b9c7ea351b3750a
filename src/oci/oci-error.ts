import { CodedError } from "../errors/index.ts";

export type OciErrorCode =
  | "INVALID_DIGEST"
  | "INVALID_REFERENCE"
  | "INVALID_PLATFORM"
  | "INVALID_MANIFEST"
  | "INVALID_CONFIG";

/** A value of the OCI specifications that does not parse. */
export class OciError extends CodedError<OciErrorCode> {}
