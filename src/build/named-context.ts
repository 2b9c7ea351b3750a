import { statSync } from "node:fs";
import path from "node:path";
import type { FetchedContext } from "../llb/index.ts";
import { contextName } from "../session/index.ts";
import { redactUrls } from "../errors/index.ts";
import { gitSourceOf, gitSourceOp, httpSourceOp, parseGitReference } from "../llb/index.ts";
import { formatPlatform, parsePlatform } from "../oci/index.ts";
import { isErrno } from "../util/index.ts";
import { BuildError } from "./build-error.ts";
import { layoutName, layoutScheme, parseLayoutReference } from "./layout-reference.ts";

/** What a name of `--build-context` stands for. */
export type NamedContextSpec =
  /** Absolute path of a directory. */
  | { readonly kind: "local"; readonly directory: string }
  /** A repository, or one file, of the network. */
  | { readonly kind: "fetched"; readonly context: FetchedContext }
  /** A name, `scratch`, or `oci-layout://<absolute path>:<tag>[@<digest>]`. */
  | { readonly kind: "image"; readonly reference: string }
  /** Another stage of the Dockerfile. */
  | { readonly kind: "stage"; readonly stage: string };

/** Reads a named context as it was typed. Its name may end with `::` and a platform for which alone it counts.
 * @param cwd what a relative path is relative to
 * @returns the name in the form in which names are compared, and what it stands for
 * @throws {BuildError} `INVALID_CONTEXT` | `CONTEXT_NOT_FOUND` */
export function parseNamedContext(
  name: string,
  value: string,
  cwd: string,
): readonly [string, NamedContextSpec] {
  return [comparableName(name), parseValue(name, value, cwd)];
}

function comparableName(name: string): string {
  const at = name.lastIndexOf("::");
  try {
    if (at < 0) return contextName(name);
    return `${contextName(name.slice(0, at))}::${formatPlatform(parsePlatform(name.slice(at + 2)))}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BuildError("INVALID_CONTEXT", `invalid context name ${name}: ${reason}`, { cause: error });
  }
}

function parseValue(name: string, value: string, cwd: string): NamedContextSpec {
  const [, image, stage] = /^docker-image:\/\/(.*)|^target:(.*)/s.exec(value) ?? [];
  if (image !== undefined) return { kind: "image", reference: image };
  if (stage !== undefined) return { kind: "stage", stage };
  if (value.startsWith(layoutScheme)) return { kind: "image", reference: absoluteLayout(name, value, cwd) };
  const context = remoteContext(name, value);
  if (context) return { kind: "fetched", context };
  return { kind: "local", directory: findDirectory(name, path.resolve(cwd, value), value) };
}

function remoteContext(name: string, value: string): FetchedContext | undefined {
  const description = `[context ${name}] ${redactUrls(value)}`;
  try {
    const git = parseGitReference(value);
    if (git && !git.isAmbiguous) return { op: gitSourceOp(gitSourceOf(git)), description };
    return /^https?:\/\//i.test(value) ? { op: httpSourceOp({ url: value }), description } : undefined;
  } catch (error) {
    throw invalidValue(name, error);
  }
}

function absoluteLayout(name: string, value: string, cwd: string): string {
  try {
    const layout = parseLayoutReference(value)!;
    const suffix = layout.digest === undefined ? "" : `@${layout.digest}`;
    return layoutName({ ...layout, directory: path.resolve(cwd, layout.directory) }) + suffix;
  } catch (error) {
    throw invalidValue(name, error);
  }
}

function invalidValue(name: string, cause: unknown): BuildError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `invalid value of context ${name}: ${reason}`;
  return new BuildError("INVALID_CONTEXT", message, { cause });
}

function findDirectory(name: string, directory: string, value: string): string {
  try {
    if (value !== "" && statSync(directory).isDirectory()) return directory;
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG")) throw error;
    throw new BuildError(
      "CONTEXT_NOT_FOUND",
      `failed to get build context ${name}: stat ${value}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
  const reason = value === "" ? "no such file or directory" : "not a directory";
  throw new BuildError("CONTEXT_NOT_FOUND", `failed to get build context ${name}: stat ${value}: ${reason}`);
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === "ENOENT" ? "no such file or directory" : (error.code ?? error.message);
}
