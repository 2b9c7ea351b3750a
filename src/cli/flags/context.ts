import { statSync } from "node:fs";
import path from "node:path";
import type { DockerfileInput } from "../../build/index.ts";
import { isErrno } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { UsageError } from "../usage-error.ts";

export interface ContextInput {
  readonly contextDir: string | undefined;
  readonly dockerfile: DockerfileInput;
}

/** Where a Dockerfile and its context come from, by Docker's rules: `-` as context is a Dockerfile on standard input, `-f -` a
 * Dockerfile on standard input beside a context directory; `-f FILE` is relative to the working directory. */
export async function readContextInput(
  context: string,
  file: string | undefined,
  io: Pick<CliIo, "stdin" | "cwd">,
): Promise<ContextInput> {
  if (context === "-") {
    if (file === "-")
      throw new UsageError("Cannot use standard input for both the build context and the Dockerfile");
    if (file !== undefined)
      throw new UsageError(
        "Cannot use --file with a context on standard input: archives are not supported yet",
      );
    return { contextDir: undefined, dockerfile: await dockerfileFromStdin(io) };
  }
  const contextDir = contextDirectory(context, io.cwd);
  if (file === "-") return { contextDir, dockerfile: await dockerfileFromStdin(io) };
  return { contextDir, dockerfile: { kind: "file", path: file } };
}

function contextDirectory(context: string, cwd: string): string {
  if (/^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(context) && !exists(path.resolve(cwd, context)))
    throw new UsageError(`Cannot use "${context}" as build context: URLs are not supported yet`, {
      code: "UNSUPPORTED_OPTION",
      hint: "fetch it first, e.g. with git clone, and give the directory",
    });
  const directory = path.resolve(cwd, context);
  if (!isDirectory(directory)) throw new UsageError(`Unable to prepare context: path "${context}" not found`);
  return directory;
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

/** A Dockerfile is parsed as a whole; a larger one is a mistake. */
const limitBytes = 16 * 1024 * 1024;

async function dockerfileFromStdin({ stdin }: Pick<CliIo, "stdin">): Promise<DockerfileInput> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes)
      throw new UsageError(`Cannot read a Dockerfile from standard input: more than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (isArchive(bytes))
    throw new UsageError("Cannot use an archive on standard input as build context: not supported yet", {
      code: "UNSUPPORTED_OPTION",
      hint: "unpack it first, and give the directory",
    });
  return { kind: "text", text: bytes.toString("utf8"), name: "Dockerfile" };
}

/** gzip, bzip2, xz, zstd, or tar. */
function isArchive(bytes: Buffer): boolean {
  const magics = ["1f8b", "425a68", "fd377a585a00", "28b52ffd"];
  const start = bytes.subarray(0, 6).toString("hex");
  return magics.some((magic) => start.startsWith(magic)) || bytes.subarray(257, 262).toString() === "ustar";
}
