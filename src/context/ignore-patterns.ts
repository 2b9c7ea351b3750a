import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseIgnoreFile, PatternMatcher, TreeError, unreadable } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { ContextError } from "./context-error.ts";

export interface IgnoreFile {
  /** As shown to people: relative to the context where it lies inside. */
  readonly name: string;
  /** Clean, in file order, `!` kept; they compile. */
  readonly patterns: readonly string[];
}

/** Reads the ignore file of a build: `<Dockerfile>.dockerignore` beside the Dockerfile, else `.dockerignore` of the context.
 * Neither is no error, and no patterns.
 * @param dockerfile absolute path; absent when the Dockerfile comes from elsewhere (standard input)
 * @throws {ContextError} `BAD_IGNORE_FILE` | `UNREADABLE` */
export function readIgnoreFile(contextDir: string, dockerfile?: string): IgnoreFile | undefined {
  const own = dockerfile === undefined ? undefined : `${dockerfile}.dockerignore`;
  for (const file of [own, path.join(contextDir, ".dockerignore")]) {
    const text = file === undefined ? undefined : readIfPresent(file);
    if (file === undefined || text === undefined) continue;
    const relative = path.relative(contextDir, file);
    const name = relative.startsWith("..") ? file : relative;
    return { name, patterns: checked(name, parseIgnoreFile(text)) };
  }
  return undefined;
}

function readIfPresent(file: string): string | undefined {
  try {
    if (statSync(file).isFile()) return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    const cause = unreadable(file, error);
    throw cause instanceof TreeError
      ? new ContextError("UNREADABLE", cause.message, { cause: error })
      : cause;
  }
  // a pipe would keep the build waiting
  throw new ContextError("UNREADABLE", `Cannot read "${file}": it is no regular file`);
}

function checked(name: string, patterns: readonly string[]): readonly string[] {
  try {
    void new PatternMatcher(patterns);
    return patterns;
  } catch (error) {
    if (!(error instanceof TreeError)) throw error;
    throw new ContextError("BAD_IGNORE_FILE", `failed parsing ${name}: ${error.message}`, { cause: error });
  }
}
