import { CodedError } from "../errors/index.ts";

export type FileActionErrorCode =
  /** A file is where a directory has to be, or the other way round. */
  | "WRONG_TYPE"
  /** A mode that chmod does not understand. */
  | "BAD_MODE"
  /** The disk or the quota is full. */
  | "NO_SPACE"
  /** The system refuses to write. */
  | "WRITE_FAILED";

/** Why a COPY, ADD or WORKDIR could not be carried out; paths are those of the image. */
export class FileActionError extends CodedError<FileActionErrorCode> {}
