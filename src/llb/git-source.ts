import type { GitReference } from "./git-reference.ts";
import type { GitSource } from "./remote-source.ts";

/** What a git reference asks for: with submodules and without `.git` unless it says otherwise, files with the time of the commit.
 * @throws {Error} with BuildKit's message for `fetch-by-commit` without a commit */
export function gitSourceOf(
  reference: GitReference,
  { keepGitDir = false }: { readonly keepGitDir?: boolean | undefined } = {},
): GitSource {
  const { remote, subdir, checksum, fetchByCommit } = reference;
  if (fetchByCommit && !checksum) throw new Error("fetch-by-commit requires a checksum");
  const ref = fetchByCommit ? checksum : reference.ref;
  return {
    remote,
    ...(ref !== undefined && { ref }),
    ...(subdir !== undefined && { subdir }),
    ...(checksum !== undefined && { checksum }),
    keepGitDir: reference.keepGitDir ?? keepGitDir,
    submodules: reference.submodules ?? true,
    mtime: reference.mtime ?? "commit",
  };
}
