import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { GitSource } from "../../llb/index.ts";
import { DirectoryTree, resolveInTree, toTreePath } from "../../tree/index.ts";
import { SourceError } from "../source-error.ts";
import type { GitCommand } from "./git-command.ts";
import { finishTree, removeGitDirs } from "./finish-tree.ts";
import type { ResolvedRef } from "./resolve-ref.ts";

export interface CheckoutRequest {
  readonly git: GitCommand;
  readonly source: GitSource;
  /** Without credentials, as git is given it and keeps it. */
  readonly remote: string;
  readonly shown: string;
  readonly resolved: ResolvedRef;
  /** An empty directory; `fs` in it becomes the tree. */
  readonly directory: string;
}

/** Fetches one commit, as little else as the server allows, and makes its files, those of its submodules too.
 * @returns the bytes of all regular files
 * @throws {SourceError} `NOT_FOUND` | `GIT_FAILED` */
export async function checkout(request: CheckoutRequest): Promise<{ sizeBytes: number }> {
  const { git, source, directory, shown, resolved } = request;
  const { subdir, keepGitDir, submodules, mtime } = source;
  const work = path.join(directory, "work");
  mkdirSync(work);
  chmodSync(work, 0o755);
  const run = (action: string, ...args: string[]) => git.run(args, { cwd: work, action });
  await initialise(request, work);
  await fetchCommit(request, work);
  await run(`failed to checkout remote ${shown}`, "checkout", "-q", "--detach", resolved.commit);
  if (submodules) {
    const update = ["submodule", "update", "-q", "--init", "--recursive", "--depth=1"];
    await run(`failed to update submodules for ${shown}`, ...update);
  }
  const seconds = await run("failed to read the commit", "log", "-1", "--format=%ct", resolved.commit);
  const root = findSubdir(work, subdir ?? "/");
  if (keepGitDir && root === work) rmSync(path.join(work, ".git/FETCH_HEAD"), { force: true });
  else removeGitDirs(work);
  const tree = path.join(directory, "fs");
  renameSync(root, tree);
  rmSync(work, { recursive: true, force: true });
  return finishTree(tree, mtime === "commit" ? Number(seconds) : undefined);
}

async function initialise({ git, remote, resolved }: CheckoutRequest, cwd: string): Promise<void> {
  const action = "failed to create a repository";
  const format = resolved.commit.length === 64 ? ["--object-format=sha256"] : [];
  await git.run(["init", "-q", ...format], { cwd, action });
  await git.run(["remote", "add", "--", "origin", remote], { cwd, action });
}

/** One commit without its history where the server gives that: by its ref, then by its id; else all of the repository. */
async function fetchCommit({ git, resolved, shown }: CheckoutRequest, cwd: string): Promise<void> {
  const { ref, object, commit } = resolved;
  const isNamed = ref.startsWith("refs/");
  const named = isNamed ? `+${ref}:${ref}` : undefined;
  const everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  const shallow = ["fetch", "-q", "-u", "--no-tags", "--no-recurse-submodules", "--depth=1", "origin"];
  const whole = shallow.filter((argument) => argument !== "--depth=1");
  const attempts = [
    ...(named === undefined ? [] : [[...shallow, named]]),
    [...shallow, object],
    ...(named === undefined ? [] : [[...whole, named]]),
    [...whole, ...everything],
  ];
  const has = async () => (await git.try(["cat-file", "-e", `${commit}^{commit}`], cwd)) !== undefined;
  for (const [index, attempt] of attempts.entries()) {
    const isLast = index === attempts.length - 1;
    if (isLast) await git.run(attempt, { cwd, action: `failed to fetch remote ${shown}` });
    else if ((await git.try(attempt, cwd)) === undefined) continue;
    if (await has()) return;
  }
  throw new SourceError(
    "NOT_FOUND",
    `fetched ref ${ref} does not match expected commit ${commit} and commit can not be found in the repository`,
  );
}

/** The host's path of a directory of the checkout; links are followed inside it only. */
function findSubdir(work: string, subdir: string): string | Buffer {
  const tree = new DirectoryTree(work);
  const found = resolveInTree(tree, toTreePath(subdir));
  if (found === "/") return work;
  const stat = tree.lstat(found);
  if (stat?.type === "directory" && !found.split("/").includes(".git")) return tree.hostPath(found);
  const reason = stat ? "not a directory" : "no such file or directory";
  throw new SourceError("NOT_FOUND", `failed to open subdir ${subdir}: ${reason}`);
}
