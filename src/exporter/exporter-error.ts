import { CodedError } from "../errors/index.ts";

export type ExporterErrorCode = "INVALID_DEST" | "NO_SPACE" | "INVALID_ARCHIVE" | "LIMIT_EXCEEDED";

/** An image that cannot be written to or read from an archive or a directory. */
export class ExporterError extends CodedError<ExporterErrorCode> {}

/** What is wrong with an archive. */
export function invalid(reason: string, cause?: unknown): ExporterError {
  return new ExporterError("INVALID_ARCHIVE", `Cannot load archive: ${reason}`, { cause });
}
