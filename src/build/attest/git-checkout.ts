import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { redactUrls } from "../../errors/index.ts";
import { isErrno } from "../../util/index.ts";

/** The checkout that a directory is in, by the names that docker buildx gives to what it says of it. */
export interface GitCheckout {
  /** Where its `origin` (or else `upstream`) is, without what lets one in; absent for a path of this machine. */
  readonly source?: string;
  /** The commit, in full; what was changed since does not show. */
  readonly revision?: string;
  /** Of the context, and of the Dockerfile, from the root of the checkout. */
  readonly "localdir:context"?: string;
  readonly "localdir:dockerfile"?: string;
}

/** What the files of a git checkout say of it; no command is run, and nothing is verified. Undefined where there is none.
 * @param directories absolute */
export function gitCheckoutOf(directories: {
  readonly context: string;
  readonly dockerfile: string;
}): GitCheckout | undefined {
  const found = findGitDir(directories.context);
  if (!found) return undefined;
  const { root, gitDir } = found;
  const common = path.resolve(gitDir, readText(path.join(gitDir, "commondir"))?.trim() ?? ".");
  const revision = revisionOf(gitDir, common);
  const source = remoteOf(readText(path.join(common, "config")) ?? "");
  if (revision === undefined && source === undefined) return undefined;
  const context = inside(root, directories.context);
  const dockerfile = inside(root, directories.dockerfile);
  return {
    ...(context !== undefined && { "localdir:context": context }),
    ...(dockerfile !== undefined && { "localdir:dockerfile": dockerfile }),
    ...(revision !== undefined && { revision }),
    ...(source !== undefined && { source }),
  };
}

/** The nearest `.git` above; in other work trees it is a file that says where the directory is. */
function findGitDir(directory: string): { root: string; gitDir: string } | undefined {
  for (let root = directory; ; root = path.dirname(root)) {
    const dotGit = path.join(root, ".git");
    if (readText(path.join(dotGit, "HEAD")) !== undefined) return { root, gitDir: dotGit };
    const link = /^gitdir: (.+)$/m.exec(readText(dotGit) ?? "")?.[1];
    if (link !== undefined) return { root, gitDir: path.resolve(root, link) };
    if (root === path.dirname(root)) return undefined;
  }
}

const commitPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

function revisionOf(gitDir: string, common: string): string | undefined {
  const head = readText(path.join(gitDir, "HEAD"))?.trim() ?? "";
  const ref = /^ref: (refs\/[^\0\s]+)$/.exec(head)?.[1];
  if (ref === undefined) return commitPattern.test(head) ? head : undefined;
  if (ref.split("/").includes("..")) return undefined;
  const loose = readText(path.join(common, ref))?.trim();
  const commit = loose ?? packedCommit(readText(path.join(common, "packed-refs")) ?? "", ref);
  return commit !== undefined && commitPattern.test(commit) ? commit : undefined;
}

function packedCommit(packed: string, ref: string): string | undefined {
  return packed
    .split("\n")
    .find((line) => line.endsWith(` ${ref}`))
    ?.slice(0, -ref.length - 1);
}

function remoteOf(config: string): string | undefined {
  const urls = new Map<string, string>();
  let remote: string | undefined;
  for (const line of config.split("\n")) {
    const section = /^\s*\[/.test(line);
    if (section) remote = /^\s*\[remote "([^"]*)"\]/.exec(line)?.[1];
    const url = /^\s*url\s*=\s*(\S+)\s*$/i.exec(line)?.[1];
    if (remote !== undefined && url !== undefined && !urls.has(remote)) urls.set(remote, url);
  }
  const url = urls.get("origin") ?? urls.get("upstream");
  return url !== undefined && isElsewhere(url) ? redactUrls(withoutUser(url)) : undefined;
}

function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}

/** A URL, or `host:path`; not a path of this machine. */
function isElsewhere(url: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return !/^file:/i.test(url);
  return /^[^/:.][^/:]*:/.test(url);
}

function inside(root: string, directory: string): string | undefined {
  const relative = path.relative(root, directory);
  return relative === ".." || relative.startsWith("../") ? undefined : relative || ".";
}

/** Many refs are packed in a large repository. */
const limitBytes = 16 << 20;

/** Undefined for what is no regular file that can be read. */
function readText(file: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "EISDIR", "ENAMETOOLONG", "ENXIO"))
      return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > limitBytes) return undefined;
    const bytes = Buffer.alloc(stat.size);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}
