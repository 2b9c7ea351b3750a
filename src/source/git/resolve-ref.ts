import { SourceError } from "../source-error.ts";
import type { GitCommand } from "./git-command.ts";

/** Where a ref leads now. */
export interface ResolvedRef {
  /** Full name, or `HEAD` where the server does not tell its default branch. */
  readonly ref: string;
  /** The object that the ref names: a commit, or an annotated tag. */
  readonly object: string;
  readonly commit: string;
}

/** A whole commit id, SHA-1 or SHA-256. */
export function isCommitId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Asks a remote where a branch or tag leads; without a name, its default branch. A branch wins over a tag of the same name.
 * @throws {SourceError} `NOT_FOUND` | `GIT_FAILED` */
export async function resolveRef(
  git: GitCommand,
  { remote, shown, ref, cwd }: { remote: string; shown: string; ref: string | undefined; cwd: string },
): Promise<ResolvedRef> {
  if (ref !== undefined && !isRefName(ref)) throw noRef(ref, "");
  const patterns = ref === undefined ? ["HEAD"] : [ref, `${ref}^{}`];
  const printed = await git.run(["ls-remote", "--symref", "--", remote, ...patterns], {
    cwd,
    action: `failed to fetch remote ${shown}`,
  });
  const found = ref === undefined ? defaultBranch(printed) : chooseRef(printed, ref);
  if (found) return found;
  if (ref !== undefined) throw noRef(ref, printed);
  throw new SourceError("NOT_FOUND", `could not find default branch for repository: ${shown}`);
}

function defaultBranch(printed: string): ResolvedRef | undefined {
  const commit = /^([0-9a-f]+)\tHEAD$/m.exec(printed)?.[1];
  if (commit === undefined || !isCommitId(commit)) return undefined;
  return { ref: /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(printed)?.[1] ?? "HEAD", object: commit, commit };
}

function chooseRef(printed: string, name: string): ResolvedRef | undefined {
  const objects = new Map<string, string>();
  for (const line of printed.split("\n")) {
    const [object = "", ref = ""] = line.split("\t");
    if (isCommitId(object)) objects.set(ref, object);
  }
  const withoutPrefix = (prefix: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const candidates = [
    `refs/${withoutPrefix("refs/")}`,
    `refs/heads/${withoutPrefix("refs/heads/")}`,
    `refs/tags/${withoutPrefix("refs/tags/")}`,
  ];
  const ref = name === "HEAD" ? name : candidates.find((candidate) => objects.has(candidate));
  const object = ref === undefined ? undefined : objects.get(ref);
  if (ref === undefined || object === undefined) return undefined;
  return { ref, object, commit: objects.get(`${ref}^{}`) ?? object };
}

/** As git-check-ref-format: nothing that git could take for an option, a pattern or another rule. */
function isRefName(ref: string): boolean {
  return !/^[-/]|\/$|\.\.|\/\/|@\{|\.lock$|[\s~^:?*[\\\p{Cc}]/u.test(ref);
}

function noRef(ref: string, printed: string): SourceError {
  const output = JSON.stringify(printed.slice(0, 500));
  return new SourceError("NOT_FOUND", `repository does not contain ref ${ref}, output: ${output}`);
}
