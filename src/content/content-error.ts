import { CodedError } from "../errors/index.ts";

export type ContentErrorCode =
  | "STORE_UNUSABLE"
  | "BLOB_NOT_FOUND"
  | "DIGEST_MISMATCH"
  | "SIZE_MISMATCH"
  | "SIZE_EXCEEDED"
  | "NO_SPACE"
  | "INVALID_NAME";

/** Something the store cannot do: bytes that are not what was promised, a full disk, a directory that cannot be written. */
export class ContentError extends CodedError<ContentErrorCode> {}

export const otherStore = "choose another directory with --root or SLIPWAY_ROOT";
