import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isErrno } from "../util/index.ts";
import { ComposeError } from "./compose-error.ts";

const limitBytes = 16 * 1024 * 1024;

/** The text of a file; undefined when there is none. It may be a pipe, as of `--env-file <(COMMAND)`.
 * @param options.regularOnly for a file that nobody named: a pipe would keep the caller waiting
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` it cannot be read, or has more than 16 MiB */
export function readIfPresent(
  file: string,
  options: { readonly regularOnly?: boolean } = {},
): string | undefined {
  try {
    return readText(file, options);
  } catch (error) {
    if (error instanceof ComposeError) throw error;
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw new ComposeError("COMPOSE_NOT_FOUND", `Cannot read "${file}"`, { cause: error });
  }
}

function readText(file: string, { regularOnly = false }: { readonly regularOnly?: boolean }): string {
  // A pipe without a writer would keep even its opening waiting.
  const descriptor = openSync(file, regularOnly ? constants.O_RDONLY | constants.O_NONBLOCK : "r");
  try {
    const stat = fstatSync(descriptor);
    if (regularOnly && !stat.isFile() && !stat.isDirectory())
      throw new ComposeError("COMPOSE_NOT_FOUND", `Cannot read "${file}": it is no regular file`);
    const chunks: Buffer[] = [];
    for (let size = 0; ; ) {
      const chunk = Buffer.allocUnsafe(64 * 1024);
      const count = readSync(descriptor, chunk);
      if (count === 0) return Buffer.concat(chunks).toString("utf8");
      size += count;
      if (size > limitBytes)
        throw new ComposeError("COMPOSE_NOT_FOUND", `Cannot read "${file}": larger than ${limitBytes} bytes`);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
}
