import type { IncomingMessage } from "node:http";
import { redactUrls } from "../../errors/index.ts";
import type { HttpSource } from "../../llb/index.ts";
import { createHttpClient, type HttpClient } from "../../registry/index.ts";
import type { FetchedFile, FetchReport, RemoteSourcesOptions } from "../fetched-source.ts";
import { SourceError } from "../source-error.ts";
import { sourceIdentity, type SourceRecord, SourceRecords } from "../source-records.ts";
import { httpAuthorization } from "./authorization.ts";
import { parseChecksum } from "./checksum.ts";
import { downloadName } from "./file-name.ts";
import { refusal } from "./refusal.ts";
import { type Downloaded, saveBody } from "./save-body.ts";
import { conditionalHeaders, isUnchanged, validatorsOf } from "./validators.ts";

/** One source, read. */
interface Request {
  readonly source: HttpSource;
  /** Without user and password. */
  readonly url: URL;
  readonly shownUrl: string;
  readonly mode: number;
  readonly authorization: string | undefined;
}

/** Fetches files over HTTP into layer directories that hold nothing else. */
export class HttpFetcher implements AsyncDisposable {
  readonly #options: RemoteSourcesOptions;
  readonly #records: SourceRecords;
  #client: HttpClient | undefined;

  constructor(options: RemoteSourcesOptions) {
    this.#options = options;
    this.#records = new SourceRecords(options.store);
  }

  /** A file that the store has under the source's checksum, wherever it came from. */
  find(source: HttpSource): FetchedFile | undefined {
    const record = source.checksum === undefined ? undefined : this.#records.find(pinned(source));
    return record && toFile(source, record, true);
  }

  /** What the store has, if the server says that it still holds. */
  async peek(source: HttpSource): Promise<FetchedFile | undefined> {
    const found = this.find(source);
    if (found || source.checksum !== undefined) return found;
    const request = await this.#read(source);
    const last = this.#records.find(lastOf(request));
    return last && (await this.#isUnchanged(request, last)) ? toFile(source, last, true) : undefined;
  }

  async fetch(source: HttpSource, report: FetchReport): Promise<FetchedFile> {
    if (source.checksum !== undefined) parseChecksum(source.checksum);
    const found = this.find(source);
    if (found) return found;
    const request = await this.#read(source);
    const last = source.checksum === undefined ? this.#records.find(lastOf(request)) : undefined;
    if (last && (await this.#isUnchanged(request, last))) return toFile(source, last, true);
    const { store, signal } = this.#options;
    const onWait = () => report.onLog?.("waiting for another build that fetches this file");
    const name = `file-${sourceIdentity(lastOf(request))}`;
    return await store.claims.during(name, { signal, onWait }, async () => {
      const brought = await this.#broughtSince(request, last);
      return brought ? toFile(source, brought, true) : await this.#fetchNow(request, last, report);
    });
  }

  /** What another process has fetched while this one waited for it, if the server gives it to this one too. */
  async #broughtSince(request: Request, last: SourceRecord | undefined): Promise<SourceRecord | undefined> {
    const { source } = request;
    if (source.checksum !== undefined) return this.#records.find(pinned(source));
    const newer = this.#records.find(lastOf(request));
    if (!newer || newer.layer === last?.layer) return undefined;
    return (await this.#isUnchanged(request, newer)) ? newer : undefined;
  }

  async #fetchNow(
    request: Request,
    last: SourceRecord | undefined,
    report: FetchReport,
  ): Promise<FetchedFile> {
    const { source } = request;
    const record = await this.#download(request, last, report);
    if (record !== last) this.#put(request, record);
    return toFile(source, record, record === last);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
  }

  async #read(source: HttpSource): Promise<Request> {
    const url = parseUrl(source.url);
    url.hash = "";
    const shownUrl = redactUrls(url.href);
    const authorization = await httpAuthorization(url, this.#options.session);
    url.username = "";
    url.password = "";
    return { source, url, shownUrl, mode: source.mode ?? 0o600, authorization };
  }

  /** Some servers give validators and do not honour them: their HEAD tells. */
  #isUnchanged(request: Request, last: SourceRecord): Promise<boolean> {
    const headers = { ...conditionalHeaders(last.parts), "accept-encoding": "gzip" };
    if (Object.keys(headers).length === 1) return Promise.resolve(false);
    return this.#ask(request, { method: "HEAD", headers }, (answer) => {
      answer.resume();
      return Promise.resolve(isUnchanged(answer, last.parts));
    });
  }

  /** @returns `last` when the server says that it still holds */
  async #download(
    request: Request,
    last: SourceRecord | undefined,
    report: FetchReport,
  ): Promise<SourceRecord> {
    const headers = { ...(last && conditionalHeaders(last.parts)), "accept-encoding": "gzip" };
    return await this.#ask(request, { method: "GET", headers }, async (answer) => {
      if (answer.statusCode === 304 && last) {
        answer.resume();
        return last;
      }
      if (answer.statusCode === undefined || answer.statusCode >= 300)
        throw refusal(request.shownUrl, answer);
      const { url, source, mode } = request;
      const { store, signal } = this.#options;
      const filename = downloadName(url, source.filename, answer.headers["content-disposition"]);
      const algorithms = algorithmsFor(source);
      const saved = await saveBody(answer, { store, filename, mode, algorithms, report, signal });
      try {
        verify(request, saved);
        return toRecord(request, saved, saved.commit(), validatorsOf(answer));
      } catch (error) {
        saved.discard();
        throw error;
      }
    });
  }

  #ask<Value>(
    { url, shownUrl, authorization }: Request,
    { method, headers }: { method: "GET" | "HEAD"; headers: Record<string, string> },
    use: (answer: IncomingMessage) => Promise<Value>,
  ): Promise<Value> {
    const { signal, note, limits, env } = this.#options;
    this.#client ??= createHttpClient({
      signal,
      ...(note && { note }),
      ...(limits && { limits }),
      ...(env && { env }),
    });
    const subject = `Cannot fetch ${shownUrl}`;
    const all = { "user-agent": "slipway", ...headers };
    return this.#client.request(url, { method, headers: all, authorization, subject }, use);
  }

  #put(request: Request, record: SourceRecord): void {
    const { source } = request;
    this.#records.put(lastOf(request), record);
    for (const checksum of new Set([source.checksum, record.parts["digest"]])) {
      if (checksum !== undefined) this.#records.put(pinned({ ...source, checksum }), record);
    }
  }
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new SourceError("INVALID_SOURCE", `Cannot fetch ${redactUrls(text)}: not a URL`);
}

/** Name of the record of a file that is known by its bytes. */
function pinned({ url, checksum, filename, mode = 0o600 }: HttpSource) {
  return { http: checksum, filename: downloadName(parseUrl(url), filename, undefined), mode };
}

/** Name of the record of what a URL gave last. */
function lastOf({ url, source, mode }: Request) {
  return { url: url.href, filename: source.filename, mode };
}

function algorithmsFor({ checksum }: HttpSource) {
  return new Set(["sha256", checksum === undefined ? "sha256" : parseChecksum(checksum).algorithm] as const);
}

function verify({ source, shownUrl }: Request, { digests }: Downloaded): void {
  const { checksum } = source;
  if (checksum === undefined) return;
  const { algorithm } = parseChecksum(checksum);
  const got = `${algorithm}:${digests.get(algorithm)}`;
  if (got === checksum) return;
  throw new SourceError("DIGEST_MISMATCH", `digest mismatch for ${shownUrl}: ${got} (expected: ${checksum})`);
}

function toRecord(
  { shownUrl, mode }: Request,
  { filename, digests, mtimeSeconds }: Downloaded,
  layer: string,
  validators: Readonly<Record<string, string>>,
): SourceRecord {
  const digest = `sha256:${digests.get("sha256")}`;
  return {
    layer,
    identity: sourceIdentity({ digest, filename, mode, mtimeSeconds }),
    createdAtMs: Date.now(),
    step: shownUrl,
    parts: { url: shownUrl, digest, filename, ...validators },
  };
}

/** What was asked for counts, not the URL that the bytes first came from. */
function toFile(
  source: HttpSource,
  { layer, identity, createdAtMs, parts }: SourceRecord,
  isCached: boolean,
): FetchedFile {
  const { digest = "", filename = "" } = parts;
  const version = `url ${redactUrls(parseUrl(source.url).href)} ${digest}`;
  return { layer, identity, createdAtMs, version, filename, digest, isCached };
}
