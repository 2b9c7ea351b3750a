import { isErrno, readTextFile } from "../util/index.ts";
import { ComposeError } from "./compose-error.ts";

const limitBytes = 16 * 1024 * 1024;

/** The text of a file; undefined when there is none. It may be a pipe, as of `--env-file <(COMMAND)`.
 * @param options.isFound nobody named it
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` it cannot be read, or has more than 16 MiB */
export function readIfPresent(
  file: string,
  options: { readonly isFound?: boolean } = {},
): string | undefined {
  const fail = (reason: string, cause?: unknown) =>
    new ComposeError("COMPOSE_NOT_FOUND", `Cannot read "${file}"${reason}`, { cause });
  let text: string | undefined;
  try {
    text = readTextFile(file, { limitBytes, ...options });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw fail("", error);
  }
  if (text === undefined) throw fail(`: larger than ${limitBytes} bytes`);
  return text;
}
