import type { IncomingMessage } from "node:http";

/** What a server told to recognise its file by, as parts of a record. */
type Validators = Readonly<Record<string, string>>;

/** A file that changed twice within the clock's second has the same Last-Modified: it counts only when it was old enough when it was
 * sent (RFC 9110, 8.8.2.2). */
const settledMs = 60_000;

/** The validators of an answer; an ETag says more than a time. */
export function validatorsOf({ headers }: IncomingMessage): Validators {
  const { etag, date, "last-modified": lastModified } = headers;
  if (etag) return { etag };
  const age = Date.parse(date ?? "") - Date.parse(lastModified ?? "");
  return lastModified && age >= settledMs ? { lastModified } : {};
}

/** Headers that ask for the file only if it is another one than that of `parts`. */
export function conditionalHeaders({ etag, lastModified }: Validators): Record<string, string> {
  if (etag) return { "if-none-match": etag };
  return lastModified ? { "if-modified-since": lastModified } : {};
}

/** Does this answer to a conditional HEAD mean that the file is still that of `parts`? */
export function isUnchanged(
  { statusCode, headers }: IncomingMessage,
  { etag, lastModified }: Validators,
): boolean {
  if (statusCode === 304) return headers.etag === undefined || strong(headers.etag) === strong(etag);
  if (statusCode !== 200) return false;
  if (etag) return strong(headers.etag) === strong(etag);
  return lastModified !== undefined && headers["last-modified"] === lastModified;
}

function strong(etag: string | undefined): string | undefined {
  return etag?.replace(/^W\//, "");
}
