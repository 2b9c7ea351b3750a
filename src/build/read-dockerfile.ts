import path from "node:path";
import type { CodedErrorOptions } from "../errors/index.ts";
import { isErrno, readTextFile, systemReason } from "../util/index.ts";
import { BuildError } from "./build-error.ts";
import type { BuildOptions } from "./options.ts";

export interface DockerfileText {
  readonly text: string;
  /** As the user knows it, for messages. */
  readonly name: string;
  /** Absolute path; undefined for text from standard input. */
  readonly path: string | undefined;
}

/** A Dockerfile is parsed as a whole; a larger one is a mistake. */
export const dockerfileLimitBytes = 16 * 1024 * 1024;

/** Reads the Dockerfile: the named one (as given, like docker: relative to the working directory), or `Dockerfile`, then `dockerfile`, of the context.
 * @throws {BuildError} `DOCKERFILE_NOT_FOUND` | `DOCKERFILE_UNREADABLE` */
export function readDockerfile(options: Pick<BuildOptions, "contextDir" | "dockerfile">): DockerfileText {
  const { dockerfile, contextDir } = options;
  if (dockerfile.kind === "text") return { text: dockerfile.text, name: dockerfile.name, path: undefined };
  if (dockerfile.path !== undefined) return read(path.resolve(dockerfile.path), dockerfile.path);
  const directory = contextDir ?? ".";
  const inContext = path.join(directory, "Dockerfile");
  const lowerCase = path.join(directory, "dockerfile");
  try {
    return read(inContext, "Dockerfile", { isFound: true });
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "DOCKERFILE_NOT_FOUND") throw error;
    try {
      return read(lowerCase, "dockerfile", { isFound: true });
    } catch {
      throw error;
    }
  }
}

function read(file: string, name: string, found: { readonly isFound?: boolean } = {}): DockerfileText {
  try {
    const text = readTextFile(file, { limitBytes: dockerfileLimitBytes, ...found });
    if (text === undefined) {
      throw new BuildError(
        "DOCKERFILE_UNREADABLE",
        `Cannot read "${name}": larger than ${dockerfileLimitBytes} bytes`,
      );
    }
    return { text, name: path.basename(name), path: path.resolve(file) };
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) {
      const hint = `looked for ${path.resolve(file)}; name another file with -f`;
      throw dockerfileNotFound(name, { cause: error, hint });
    }
    if (error instanceof BuildError) throw error;
    const reason = systemReason(error);
    throw new BuildError("DOCKERFILE_UNREADABLE", `Cannot read "${name}": ${reason}`, { cause: error });
  }
}

export function dockerfileNotFound(name: string, options: CodedErrorOptions = {}): BuildError {
  const message = `failed to read dockerfile: open ${name}: no such file or directory`;
  return new BuildError("DOCKERFILE_NOT_FOUND", message, options);
}
