import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { newLayerId } from "../../content/index.ts";
import { redactUrls } from "../../errors/index.ts";
import type { GitSource } from "../../llb/index.ts";
import { SingleFlight } from "../../util/index.ts";
import type { FetchedCommit, FetchReport, RemoteSourcesOptions } from "../fetched-source.ts";
import { SourceError } from "../source-error.ts";
import { sourceIdentity, type SourceRecord, SourceRecords } from "../source-records.ts";
import { checkout } from "./checkout.ts";
import { GitCommand } from "./git-command.ts";
import { gitLogin } from "./git-login.ts";
import { isCommitId, type ResolvedRef, resolveRef } from "./resolve-ref.ts";

/** A remote that can be spoken to. */
interface Connection {
  readonly git: GitCommand;
  readonly remote: string;
  /** A private directory, removed with the connection. */
  readonly directory: string;
}

/** Checks commits out into layer directories. */
export class GitFetcher {
  readonly #options: RemoteSourcesOptions;
  readonly #records: SourceRecords;
  /** Within a build a ref leads to one commit, whatever is taken of it. */
  readonly #resolved = new SingleFlight<string, ResolvedRef>();

  constructor(options: RemoteSourcesOptions) {
    this.#options = options;
    this.#records = new SourceRecords(options.store);
  }

  /** A tree that the store has of the commit that the source names in full. */
  find(source: GitSource): FetchedCommit | undefined {
    const { ref = "", checksum = "" } = source;
    const commit = [ref, checksum].find(isCommitId);
    if (commit === undefined || !commit.startsWith(checksum)) return undefined;
    const record = this.#records.find(nameOf(source, commit, ref));
    return record && toCommit(source, record, { ref: ref || commit, isCached: true });
  }

  /** The tree that the store has of the commit where the source leads now. */
  async peek(source: GitSource): Promise<FetchedCommit | undefined> {
    const found = this.find(source);
    if (found) return found;
    const resolved = await this.resolve(source);
    verifyChecksum(source, resolved);
    const { ref, commit } = resolved;
    const known = this.#records.find(nameOf(source, commit, ref));
    return known && toCommit(source, known, { ref, isCached: true });
  }

  async fetch(source: GitSource, report: FetchReport): Promise<FetchedCommit> {
    checkSource(source);
    const found = this.find(source);
    if (found) return found;
    return await this.#connect(source.remote, async (connection) => {
      const resolved = await this.#resolve(source, connection);
      verifyChecksum(source, resolved);
      const { ref, commit } = resolved;
      report.onLog?.(`${commit}\t${ref}`);
      const known = this.#records.find(nameOf(source, commit, ref));
      const record = known ?? (await this.#checkout(source, connection, resolved));
      return toCommit(source, record, { ref, isCached: known !== undefined });
    });
  }

  async resolve(source: Pick<GitSource, "remote" | "ref">): Promise<ResolvedRef> {
    checkSource(source);
    return await this.#connect(source.remote, (connection) => this.#resolve(source, connection));
  }

  async #connect<Value>(remote: string, use: (connection: Connection) => Promise<Value>): Promise<Value> {
    const { store, session, signal, env = process.env } = this.#options;
    const directory = store.temp.newPath("git");
    const home = path.join(directory, "home");
    mkdirSync(home, { recursive: true, mode: 0o700 });
    try {
      const login = await gitLogin(remote, session);
      const isSsh = !/^(?:https?|git):/.test(remote);
      const sshAgent = isSsh ? await session.sshAgent("default") : undefined;
      const git = new GitCommand({ home, secretSettings: login.secretSettings, sshAgent, signal, env });
      return await use({ git, remote: login.remote, directory });
    } finally {
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #resolve(
    { remote, ref }: Pick<GitSource, "remote" | "ref">,
    connection: Connection,
  ): Promise<ResolvedRef> {
    if (ref !== undefined && isCommitId(ref)) return { ref, object: ref, commit: ref };
    return await this.#resolved.do(`${remote}\n${ref ?? ""}`, () =>
      resolveRef(connection.git, {
        remote: connection.remote,
        shown: redactUrls(remote),
        ref,
        cwd: connection.directory,
      }),
    );
  }

  async #checkout(source: GitSource, connection: Connection, resolved: ResolvedRef): Promise<SourceRecord> {
    const { store } = this.#options;
    const directory = path.join(connection.directory, "layer");
    mkdirSync(directory);
    const shown = redactUrls(source.remote);
    const { git, remote } = connection;
    const { sizeBytes } = await checkout({ git, source, remote, shown, resolved, directory });
    const layer = newLayerId();
    const createdAtMs = Date.now();
    store.layers.commit(layer, directory, { sizeBytes, createdAtMs });
    const { commit, ref } = resolved;
    const name = nameOf(source, commit, ref);
    const record: SourceRecord = {
      layer,
      identity: sourceIdentity(name),
      createdAtMs,
      step: `${shown}#${ref}`,
      parts: { remote: shown, ref, commit },
    };
    this.#records.put(name, record);
    return record;
  }
}

function checkSource({ remote, checksum }: Pick<GitSource, "remote" | "checksum">): void {
  if (remote.startsWith("-") || /\p{Cc}/u.test(remote)) {
    throw new SourceError(
      "INVALID_SOURCE",
      `Cannot fetch ${JSON.stringify(redactUrls(remote))}: not a git repository`,
    );
  }
  if (checksum === undefined || /^[0-9a-f]+$/i.test(checksum)) return;
  const message = `invalid checksum ${checksum} for Git URL, expected hex commit hash`;
  throw new SourceError("INVALID_SOURCE", message);
}

function verifyChecksum({ checksum }: GitSource, { object, commit }: ResolvedRef): void {
  if (checksum === undefined || object.startsWith(checksum) || commit.startsWith(checksum)) return;
  const got = object === commit ? commit : `${object} or ${commit}`;
  throw new SourceError("DIGEST_MISMATCH", `expected checksum to match ${checksum}, got ${got}`);
}

/** Everything that the tree depends on. A commit names its files and those of its submodules wherever they come from; what git keeps
 * of itself also knows the ref. */
function nameOf({ remote, subdir, keepGitDir, submodules, mtime }: GitSource, commit: string, ref: string) {
  const kept = keepGitDir ? { ref, remote: redactUrls(remote) } : {};
  return { git: commit, subdir: subdir ?? "/", submodules, mtime, ...kept };
}

/** What was asked for counts, not what the tree was first fetched for. */
function toCommit(
  source: GitSource,
  { layer, identity, createdAtMs, parts }: SourceRecord,
  { ref, isCached }: { readonly ref: string; readonly isCached: boolean },
): FetchedCommit {
  const { commit = "" } = parts;
  const asked = (source.ref ?? "HEAD").replace(/^refs\/(?:heads|tags)\//, "");
  const version = `git ${redactUrls(source.remote)} ${asked} ${commit}`;
  return { layer, identity, createdAtMs, version, commit, ref, isCached };
}
