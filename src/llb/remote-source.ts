import type { SourceOp } from "./ops.ts";

/** One file of the network. */
export interface HttpSource {
  readonly url: string;
  /** Name of the file in the tree; absent = as the server or the URL says. */
  readonly filename?: string;
  /** `sha256:…`, `sha384:…` or `sha512:…` of the bytes. */
  readonly checksum?: string;
  /** Permission bits; default `0o600`. */
  readonly mode?: number;
}

/** A commit of a repository, checked out. */
export interface GitSource {
  /** URL, or ssh's short form. */
  readonly remote: string;
  /** Branch, tag, full name of either, or commit; absent = the repository's default branch. */
  readonly ref?: string;
  /** This directory becomes the root. */
  readonly subdir?: string;
  /** Commit that the ref must lead to, or the start of it. */
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
  /** Time of the files. */
  readonly mtime: "checkout" | "commit";
}

/** The operation that brings the file in as the only one of its tree. */
export function httpSourceOp({ url, filename, checksum, mode }: HttpSource): SourceOp {
  return {
    kind: "source",
    identifier: url,
    attrs: {
      ...(filename !== undefined && { "http.filename": filename }),
      ...(checksum !== undefined && { "http.checksum": checksum }),
      ...(mode !== undefined && { "http.perm": `0${mode.toString(8)}` }),
    },
  };
}

/** The file that an operation brings in; undefined when it is another kind of source. */
export function toHttpSource({ identifier, attrs = {} }: SourceOp): HttpSource | undefined {
  if (!/^https?:\/\//i.test(identifier)) return undefined;
  const { "http.filename": filename, "http.checksum": checksum, "http.perm": mode } = attrs;
  return {
    url: identifier,
    ...(filename !== undefined && { filename }),
    ...(checksum !== undefined && { checksum }),
    ...(mode !== undefined && { mode: Number.parseInt(mode, 8) }),
  };
}

/** The operation that checks the repository out. Its identifier names host and path, whatever the protocol. */
export function gitSourceOp(source: GitSource): SourceOp {
  const { remote, ref = "", subdir, checksum, keepGitDir, submodules, mtime } = source;
  const place = remote
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/^[^/]*@/, "")
    .replace(/^([^/:]+):(?!\d+(?:\/|$))\/?/, "$1/");
  const fragment = subdir === undefined ? ref : `${ref}:${subdir}`;
  return {
    kind: "source",
    identifier: `git://${place}${fragment && `#${fragment}`}`,
    attrs: {
      "git.fullurl": remote,
      ...(checksum !== undefined && { "git.checksum": checksum }),
      ...(keepGitDir && { "git.keepgitdir": "true" }),
      ...(!submodules && { "git.skipsubmodules": "true" }),
      ...(mtime === "commit" && { "git.mtime": "commit" }),
    },
  };
}

/** The repository that an operation checks out; undefined when it is another kind of source. */
export function toGitSource({ identifier, attrs = {} }: SourceOp): GitSource | undefined {
  const match = /^git:\/\/[^#]*(?:#([^:]*)(?::(.*))?)?$/s.exec(identifier);
  const remote = attrs["git.fullurl"];
  if (!match || remote === undefined) return undefined;
  const [, ref, subdir] = match;
  const checksum = attrs["git.checksum"];
  return {
    remote,
    ...(ref && { ref }),
    ...(subdir && { subdir }),
    ...(checksum !== undefined && { checksum }),
    keepGitDir: attrs["git.keepgitdir"] === "true",
    submodules: attrs["git.skipsubmodules"] !== "true",
    mtime: attrs["git.mtime"] === "commit" ? "commit" : "checkout",
  };
}
