import type { GitSource, HttpSource } from "../llb/index.ts";
import { canonicalJson, SingleFlight } from "../util/index.ts";
import type {
  FetchedCommit,
  FetchedFile,
  FetchedSource,
  FetchReport,
  RemoteSourcesOptions,
} from "./fetched-source.ts";
import { GitFetcher } from "./git/git-fetcher.ts";
import { HttpFetcher } from "./http/http-fetcher.ts";

/** Brings files and repositories of the network into the store as layer directories: whole or not at all, each once in a build however
 * often it is asked for. The network is asked whether something changed, except for what a checksum or a full commit names and the
 * store has. Dispose it to close its connections. */
export class RemoteSources implements AsyncDisposable {
  readonly #http: HttpFetcher;
  readonly #git: GitFetcher;
  readonly #files = new SingleFlight<string, FetchedFile>();
  readonly #commits = new SingleFlight<string, FetchedCommit>();

  constructor(options: RemoteSourcesOptions) {
    this.#http = new HttpFetcher(options);
    this.#git = new GitFetcher(options);
  }

  /** Fetches one file. Mode 0600 unless the source says otherwise; its time is the server's Last-Modified, or 1970.
   * @throws {SourceError} `INVALID_SOURCE` | `NOT_FOUND` | `UNAUTHORIZED` | `DENIED` | `BAD_RESPONSE` | `DIGEST_MISMATCH`
   * @throws {RegistryError} `UNREACHABLE` | `INTERRUPTED` | `SERVER_ERROR` | `TOO_MANY_REQUESTS`, after the tries */
  fetchHttp(source: HttpSource, report: FetchReport = {}): Promise<FetchedFile> {
    return this.#files.do(canonicalJson(source), () => this.#http.fetch(source, report));
  }

  /** Checks a commit out, with its submodules unless the source says otherwise.
   * @throws {SourceError} `INVALID_SOURCE` | `NOT_FOUND` | `DIGEST_MISMATCH` | `GIT_MISSING` | `GIT_FAILED` */
  fetchGit(source: GitSource, report: FetchReport = {}): Promise<FetchedCommit> {
    return this.#commits.do(canonicalJson(source), () => this.#git.fetch(source, report));
  }

  /** Where a ref leads now; nothing is fetched.
   * @throws {SourceError} `INVALID_SOURCE` | `NOT_FOUND` | `GIT_MISSING` | `GIT_FAILED` */
  resolveGit(
    source: Pick<GitSource, "remote" | "ref">,
  ): Promise<{ readonly ref: string; readonly commit: string }> {
    return this.#git.resolve(source);
  }

  /** What is in the store for a source that names its bytes itself; never asks the network. */
  find(source: HttpSource | GitSource): FetchedSource | undefined {
    return "url" in source ? this.#http.find(source) : this.#git.find(source);
  }

  /** What the store has of a source, if it is what a fetch would give now: the network is asked where `fetch` would ask it, and no
   * file is fetched.
   * @throws as `fetchHttp` and `fetchGit` do */
  async peek(source: HttpSource | GitSource): Promise<FetchedSource | undefined> {
    return await ("url" in source ? this.#http.peek(source) : this.#git.peek(source));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }
}
