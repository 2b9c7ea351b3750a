import { statSync } from "node:fs";
import path from "node:path";
import type { DockerfileInput, RemoteContextSpec } from "../../build/index.ts";
import { isErrno } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { UsageError } from "../usage-error.ts";

export interface ContextInput {
  readonly contextDir: string | undefined;
  readonly remoteContext?: RemoteContextSpec;
  readonly dockerfile: DockerfileInput;
}

/** Where a Dockerfile and its context come from, by Docker's rules: `-` as context is an archive of it or a Dockerfile without one on
 * standard input, `-f -` a Dockerfile on standard input beside another context; `-f FILE` is relative to the working directory, or
 * to the root of a context that is no directory. */
export async function readContextInput(
  context: string,
  file: string | undefined,
  io: Pick<CliIo, "stdin" | "cwd">,
): Promise<ContextInput> {
  if (context === "-") return await contextFromStdin(file, io);
  const contextDir = findDirectory(context, io.cwd);
  const dockerfile = file === "-" ? await dockerfileFromStdin(io) : ({ kind: "file", path: file } as const);
  if (contextDir !== undefined) return { contextDir, dockerfile };
  return { contextDir, remoteContext: { kind: "url", url: context }, dockerfile };
}

/** Absolute path of a context directory; undefined for a URL. */
function findDirectory(context: string, cwd: string): string | undefined {
  const directory = path.resolve(cwd, context);
  const found = isDirectory(directory);
  if (found === true) return directory;
  if (/^(?:https?|git|ssh):\/\/|^[\w-]+@[\w.-]+:|^github\.com\//i.test(context)) return undefined;
  const reason = found === undefined ? "not found" : "is not a directory";
  throw new UsageError(`Unable to prepare context: path "${context}" ${reason}`, {
    code: "CONTEXT_NOT_FOUND",
  });
}

/** Undefined when nothing is there. */
function isDirectory(file: string): boolean | undefined {
  try {
    return statSync(file).isDirectory();
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

async function contextFromStdin(
  file: string | undefined,
  { stdin }: Pick<CliIo, "stdin">,
): Promise<ContextInput> {
  if (file === "-")
    throw new UsageError("Cannot use standard input for both the build context and the Dockerfile");
  const { isArchiveStart } = await import("../../layer/index.ts"); // only this case needs it
  const { head, bytes } = await peek(stdin as AsyncIterable<Buffer>);
  if (isArchiveStart(head))
    return {
      contextDir: undefined,
      remoteContext: { kind: "archive", bytes },
      dockerfile: { kind: "file", path: file },
    };
  if (file !== undefined)
    throw new UsageError("ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles");
  return { contextDir: undefined, dockerfile: await toDockerfile(bytes) };
}

/** One block of a tar: enough to tell what the bytes are. */
const headBytes = 512;

/** @returns the first bytes, and all of them */
async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; bytes: AsyncIterable<Buffer> }> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < headBytes) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { head, bytes: all() };
}

/** A Dockerfile is parsed as a whole; a larger one is a mistake. */
const limitBytes = 16 * 1024 * 1024;

async function dockerfileFromStdin({ stdin }: Pick<CliIo, "stdin">): Promise<DockerfileInput> {
  return await toDockerfile(stdin as AsyncIterable<Buffer>);
}

async function toDockerfile(source: AsyncIterable<Buffer>): Promise<DockerfileInput> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limitBytes)
      throw new UsageError(`Cannot read a Dockerfile from standard input: more than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return { kind: "text", text: Buffer.concat(chunks).toString("utf8"), name: "Dockerfile" };
}
