/** What is taken of a repository. */
export interface GitOptions {
  /** Branch, tag, full name of either, or commit; absent = the repository's default branch. */
  readonly ref?: string;
  readonly subdir?: string;
  /** Commit that the ref must lead to, or the start of it. */
  readonly checksum?: string;
  readonly keepGitDir?: boolean;
  readonly submodules?: boolean;
  readonly mtime?: "checkout" | "commit";
  /** The checksum is what is fetched; the ref is not asked for. */
  readonly fetchByCommit?: boolean;
}

/** Reads the query of a git reference; `fragment` is what `#ref:subdir` said.
 * @throws {Error} with BuildKit's message */
export function readGitQuery(query: string, fragment: { ref: string; subdir: string }): GitOptions {
  const values = singleValues(new URLSearchParams(query));
  const subdir = merge("subdir", fragment.subdir, values.get("subdir"));
  const checksum = values.get("commit") ?? values.get("checksum");
  const keepGitDir = readFlag("keep-git-dir", values);
  const submodules = readFlag("submodules", values);
  const fetchByCommit = readFlag("fetch-by-commit", values);
  const ref = readRef(fragment.ref, values) || checksum;
  const mtime = readMtime(values.get("mtime"));
  return {
    ...(ref && { ref }),
    ...(subdir && { subdir }),
    ...(checksum && { checksum }),
    ...(keepGitDir !== undefined && { keepGitDir }),
    ...(submodules !== undefined && { submodules }),
    ...(fetchByCommit !== undefined && { fetchByCommit }),
    ...(mtime && { mtime }),
  };
}

const flags = ["keep-git-dir", "submodules", "fetch-by-commit"];
const names = ["ref", "tag", "branch", "subdir", "checksum", "commit", "mtime", ...flags];

function singleValues(query: URLSearchParams): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of query) {
    const quoted = JSON.stringify(name);
    if (query.getAll(name).length > 1) throw new Error(`query ${quoted} has multiple values`);
    if (value === "" && !flags.includes(name)) throw new Error(`query ${quoted} has no value`);
    if (!names.includes(name)) throw new Error(`unexpected query ${quoted}`);
    values.set(name, value);
  }
  return values;
}

function readRef(fragmentRef: string, values: ReadonlyMap<string, string>): string {
  const [tag, branch] = [values.get("tag"), values.get("branch")];
  let ref = merge("ref", fragmentRef, values.get("ref"));
  if (tag !== undefined) ref = merge("ref", ref, withPrefix("refs/tags/", tag));
  if (branch === undefined) return ref;
  if (tag !== undefined) throw new Error("branch conflicts with tag");
  return merge("ref", ref, withPrefix("refs/heads/", branch));
}

function withPrefix(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : `${prefix}${name}`;
}

function merge(name: string, known: string, added: string | undefined): string {
  if (added === undefined || known === "" || known === added) return added ?? known;
  throw new Error(`${name} conflicts: ${JSON.stringify(known)} vs ${JSON.stringify(added)}`);
}

/** As Go's `strconv.ParseBool`; a flag without a value is set. */
function readFlag(name: string, values: ReadonlyMap<string, string>): boolean | undefined {
  const value = values.get(name);
  if (value === undefined) return undefined;
  if (["", "1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw new Error(`invalid ${name} value: ${JSON.stringify(value)}`);
}

function readMtime(value: string | undefined): GitOptions["mtime"] {
  if (value === undefined || value === "checkout" || value === "commit") return value;
  throw new Error(`invalid mtime value: ${JSON.stringify(value)}`);
}
