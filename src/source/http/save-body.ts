import { createHash, type Hash } from "node:crypto";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { newLayerId, type Store } from "../../content/index.ts";
import { ownSignal } from "../../util/index.ts";
import type { FetchReport } from "../fetched-source.ts";
import type { ChecksumAlgorithm } from "./checksum.ts";

export interface Downloaded {
  readonly filename: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly digests: ReadonlyMap<ChecksumAlgorithm, string>;
  readonly mtimeSeconds: number;
  /** Makes the file a layer of the store, and returns its id. */
  commit(): string;
  discard(): void;
}

export interface SaveOptions {
  readonly store: Store;
  readonly filename: string;
  readonly mode: number;
  readonly algorithms: ReadonlySet<ChecksumAlgorithm>;
  readonly report: FetchReport;
  readonly signal: AbortSignal;
}

/** Streams the body of an answer into a file of the store's temporary directory. Rejects when it breaks off. */
export async function saveBody(answer: IncomingMessage, options: SaveOptions): Promise<Downloaded> {
  const { store, filename, mode } = options;
  const signal = ownSignal(options.signal);
  const directory = store.temp.newPath("http");
  const tree = path.join(directory, "fs");
  const discard = () => rmSync(directory, { recursive: true, force: true });
  try {
    mkdirSync(tree, { recursive: true });
    chmodSync(tree, 0o755);
    await using file = await open(path.join(tree, filename), "wx", 0o600);
    const meter = new Meter(answer, options);
    const write = async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) await file.appendFile(chunk);
    };
    const { received, written } = meter;
    if (isGzip(answer)) await pipeline(answer, received, createGunzip(), written, write, { signal });
    else await pipeline(answer, received, written, write, { signal });
    const mtimeSeconds = lastModifiedSeconds(answer);
    await file.chmod(mode);
    await file.utimes(mtimeSeconds, mtimeSeconds);
    const { sizeBytes } = meter;
    const commit = () => {
      const layer = newLayerId();
      store.layers.commit(layer, directory, { sizeBytes, createdAtMs: Date.now() });
      return layer;
    };
    return { filename, sizeBytes, digests: meter.digests(), mtimeSeconds, commit, discard };
  } catch (error) {
    discard();
    throw error;
  }
}

/** Counts what comes in and hashes what is kept. */
class Meter {
  sizeBytes = 0;
  readonly received: Transform;
  readonly written: Transform;
  readonly #hashes: ReadonlyMap<ChecksumAlgorithm, Hash>;

  constructor(answer: IncomingMessage, { algorithms, report }: SaveOptions) {
    this.#hashes = new Map([...algorithms].map((algorithm) => [algorithm, createHash(algorithm)]));
    const length = Number(answer.headers["content-length"] ?? Number.NaN);
    const total = Number.isSafeInteger(length) ? length : undefined;
    let receivedBytes = 0;
    this.received = tap((chunk) => {
      receivedBytes += chunk.length;
      report.onProgress?.(receivedBytes, total);
    });
    this.written = tap((chunk) => {
      this.sizeBytes += chunk.length;
      for (const hash of this.#hashes.values()) hash.update(chunk);
    });
  }

  digests(): ReadonlyMap<ChecksumAlgorithm, string> {
    return new Map([...this.#hashes].map(([algorithm, hash]) => [algorithm, hash.digest("hex")]));
  }
}

function tap(look: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      look(chunk);
      done(null, chunk);
    },
  });
}

/** Go's client, which BuildKit uses, asks for gzip and keeps what was inside; so a checksum is that of the inside. */
function isGzip({ headers }: IncomingMessage): boolean {
  return headers["content-encoding"]?.toLowerCase() === "gzip";
}

function lastModifiedSeconds({ headers }: IncomingMessage): number {
  const time = Date.parse(headers["last-modified"] ?? "");
  return Number.isNaN(time) ? 0 : Math.max(0, Math.floor(time / 1000));
}
