import { type GitOptions, readGitQuery } from "./git-query.ts";

/** A git repository as people write it in ADD, as a build context or as a named context. */
export interface GitReference extends GitOptions {
  /** What git is given: the text without `?query` and `#fragment`. */
  readonly remote: string;
  readonly scheme: "http" | "https" | "ssh" | "git";
  /** With the port, without the user. */
  readonly host: string;
  /** As written: percent-encoded in a URL; without a leading `/` in ssh's short form. */
  readonly path: string;
  /** `github.com/…` may be a local path as well: a repository only as a build context. */
  readonly isAmbiguous: boolean;
}

interface SplitReference extends Pick<GitReference, "remote" | "scheme" | "host" | "path"> {
  readonly query: string;
  readonly fragment: string;
}

const shortGithub = "github.com/";

/** Reads a git reference by BuildKit's rules (frontend/dockerfile/dfgitutil): `git://` and `ssh://` URLs, HTTP URLs whose path ends
 * with `.git`, ssh's short form `user@host:path`, and `github.com/…`; each with `#ref:subdir` or with the query
 * `?ref=…&subdir=…&checksum=…&keep-git-dir=…&submodules=…`.
 * @returns undefined for everything else
 * @throws {Error} with BuildKit's message for a query that a reference cannot have */
export function parseGitReference(text: string): GitReference | undefined {
  const isAmbiguous = text.startsWith(shortGithub);
  if (!isAmbiguous && !text.includes(":")) return undefined; // most are paths
  const split = isAmbiguous ? splitUrl(`https://${text}`) : (splitUrl(text) ?? splitScp(text));
  if (!split) return undefined;
  const { query, fragment, ...place } = split;
  if (!isAmbiguous && /^https?$/.test(place.scheme) && !decode(place.path)?.endsWith(".git"))
    return undefined;
  const colon = fragment.indexOf(":");
  const [ref, subdir] = colon < 0 ? [fragment, ""] : [fragment.slice(0, colon), fragment.slice(colon + 1)];
  return { ...place, ...readGitQuery(query, { ref, subdir }), isAmbiguous };
}

function splitUrl(text: string): SplitReference | undefined {
  const match = /^(https?|ssh|git):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?$/i.exec(text);
  if (!match || hasControl(text)) return undefined;
  const [, name = "", authority = "", path = "", query = "", encodedFragment = ""] = match;
  const scheme = name.toLowerCase() as GitReference["scheme"];
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const fragment = decode(encodedFragment);
  if (fragment === undefined || decode(path) === undefined || !/^(?:\[[^\]]*\]|[^\s:]*)(?::\d*)?$/.test(host))
    return undefined;
  return { remote: `${scheme}://${authority}${path}`, scheme, host, path, query, fragment };
}

/** `git@github.com:moby/buildkit.git` */
function splitScp(text: string): SplitReference | undefined {
  const match = /^([\w-]+)@([a-z0-9.-]+):([^?#\n]*)(?:\?([^#\n]*))?(?:#(.*))?$/i.exec(text);
  if (!match) return undefined;
  const [, user = "", host = "", path = "", query = "", fragment = ""] = match;
  return { remote: `${user}@${host}:${path}`, scheme: "ssh", host, path, query, fragment };
}

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
