import { CodedError } from "../errors/index.ts";

export type LayerErrorCode =
  /** The archive breaks the format: checksum, number, PAX record, sparse map. */
  | "INVALID_TAR"
  /** The archive ends inside an entry. */
  | "TRUNCATED_TAR"
  /** An entry that a layer directory cannot hold: multi-volume, unknown type. */
  | "UNSUPPORTED_ENTRY"
  /** A name or link that leads out of the root. */
  | "ESCAPES_ROOT"
  /** More bytes or entries than the caller allowed. */
  | "LIMIT_EXCEEDED"
  | "DIFF_ID_MISMATCH"
  /** The bytes are no archive, or the program that decompresses them is missing or failed. */
  | "DECOMPRESSION_FAILED"
  | "COMPRESSION_FAILED"
  /** An owner that the user namespace does not map. */
  | "UNMAPPED_OWNER"
  /** A file whose name means something else in a layer tar (`.wh.x`). */
  | "UNREPRESENTABLE"
  | "READ_FAILED"
  | "NO_SPACE"
  | "WRITE_FAILED";

/** A layer tar that cannot be read, applied or written. */
export class LayerError extends CodedError<LayerErrorCode> {}
