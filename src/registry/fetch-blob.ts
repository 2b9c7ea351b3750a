import type { IncomingMessage } from "node:http";
import type { Descriptor, Digest } from "../oci/index.ts";
import { bodyOf } from "./direct-reads.ts";
import type { EndpointClient } from "./endpoint-client.ts";
import type { Endpoint } from "./endpoints.ts";
import { networkError } from "./network-error.ts";
import { RegistryError, type RegistryErrorCode } from "./registry-error.ts";
import { pauseBeforeRetry } from "./retry.ts";

/** Takes the bytes of one blob; the content store is one. Verifies size and digest, keeps all or nothing, and rejects with an
 * error whose `code` is `DIGEST_MISMATCH` when the bytes are not the expected ones, or with what `source` throws. */
export interface BlobSink {
  ingest(
    source: AsyncIterable<Uint8Array>,
    expected: { readonly digest: Digest; readonly sizeBytes: number },
  ): Promise<void>;
}

export interface FetchBlobContext {
  readonly client: EndpointClient;
  /** In the order in which they are asked. */
  readonly endpoints: readonly Endpoint[];
  readonly descriptor: Descriptor;
  readonly subject: string;
  readonly onProgress: ((currentBytes: number, totalBytes: number) => void) | undefined;
  readonly note: (text: string) => void;
  /** Told of every endpoint that failed, before the next one is asked. */
  readonly onFailure: (endpoint: Endpoint, error: RegistryError) => void;
  readonly signal: AbortSignal | undefined;
}

/** Enough came through since the last break to call the line usable again. */
const progressBytes = 1024 * 1024;

/** Streams one blob into `sink`. A broken transfer goes on where it broke, at the same endpoint and then at the next; bytes
 * that turn out wrong are fetched anew from the endpoints that had no part in them.
 * @throws {RegistryError} | what `sink` throws */
export async function fetchBlob(context: FetchBlobContext, sink: BlobSink): Promise<void> {
  const { descriptor, note, subject } = context;
  let endpoints = context.endpoints;
  for (;;) {
    const used = new Set<Endpoint>();
    try {
      const source = blobBytes({ ...context, endpoints }, used);
      await sink.ingest(source, { digest: descriptor.digest, sizeBytes: descriptor.size });
      return;
    } catch (error) {
      if (!hasCode(error, "DIGEST_MISMATCH")) throw error;
      const hosts = [...used].map((endpoint) => endpoint.host).join(", ");
      const message = `${subject}: ${hosts} sent wrong bytes for layer ${descriptor.digest}`;
      endpoints = endpoints.filter((endpoint) => !used.has(endpoint));
      if (endpoints.length === 0) throw new RegistryError("DIGEST_MISMATCH", message, { cause: error });
      note(`${message}; trying ${endpoints[0]!.host}`);
    }
  }
}

/** The bytes of the blob, never more than it has, however often the transfer breaks. */
async function* blobBytes(context: FetchBlobContext, used: Set<Endpoint>): AsyncGenerator<Uint8Array> {
  const { endpoints, descriptor, onProgress, onFailure, note } = context;
  let offset = 0;
  for (const [index, endpoint] of endpoints.entries()) {
    try {
      for await (const chunk of bytesFrom(endpoint, offset, context)) {
        used.add(endpoint);
        offset += chunk.length;
        onProgress?.(offset, descriptor.size);
        yield chunk;
      }
      return;
    } catch (error) {
      if (index === endpoints.length - 1 || !(error instanceof RegistryError)) throw error;
      onFailure(endpoint, error);
      note(`${error.message}; trying ${endpoints[index + 1]!.host}`);
    }
  }
}

/** The bytes from `offset` on, from one endpoint. */
async function* bytesFrom(
  endpoint: Endpoint,
  start: number,
  context: FetchBlobContext,
): AsyncGenerator<Uint8Array> {
  const { client, descriptor } = context;
  let offset = start;
  let tries = 0;
  let triedAt = offset;
  do {
    try {
      const answer = await open(endpoint, offset, context);
      for await (const chunk of remaining(answer, offset, endpoint, context)) {
        offset += chunk.length;
        yield chunk;
      }
      if (offset < descriptor.size) throw brokeOff(endpoint, offset, context);
    } catch (error) {
      if (offset - triedAt >= progressBytes) tries = 0;
      triedAt = offset;
      await pauseBeforeRetry(
        toBreak(error, endpoint, offset, context),
        ++tries,
        client.retryOptions(context.signal),
      );
    }
  } while (offset < descriptor.size);
}

function open(endpoint: Endpoint, offset: number, context: FetchBlobContext): Promise<IncomingMessage> {
  const { digest } = context.descriptor;
  return context.client.sendOnce(endpoint, {
    method: "GET",
    path: `blobs/${digest}`,
    headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
    subject: context.subject,
    notFound: `the registry lacks layer ${digest}`,
    signal: context.signal,
  });
}

/** What the answer holds from `offset` on. A registry that ignores the range sends everything again. */
async function* remaining(
  answer: IncomingMessage,
  offset: number,
  endpoint: Endpoint,
  context: FetchBlobContext,
): AsyncGenerator<Uint8Array> {
  const { client, descriptor, subject } = context;
  let skip = offset - startOf(answer, offset, endpoint, context);
  let left = descriptor.size - offset;
  const announced = Number(answer.headers["content-length"] ?? left + skip);
  if (announced !== left + skip) {
    answer.destroy();
    const what = `${endpoint.host} announces ${announced + offset - skip} bytes`;
    throw wrongSize(announced > left + skip ? "SIZE_EXCEEDED" : "SIZE_MISMATCH", what, context);
  }
  for await (const chunk of bodyOf(answer, client.directBytes)) {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    const bytes = skipped === 0 ? chunk : chunk.subarray(skipped);
    left -= bytes.length;
    if (left < 0) throw wrongSize("SIZE_EXCEEDED", `${endpoint.host} sent more`, context);
    if (bytes.length > 0) yield bytes;
  }
  if (skip > 0)
    throw new RegistryError("INTERRUPTED", `${subject}: connection to ${endpoint.host} was closed`, {
      isTransient: true,
    });
}

/** Where in the blob the answer's body starts. */
function startOf(
  answer: IncomingMessage,
  offset: number,
  endpoint: Endpoint,
  { subject }: FetchBlobContext,
): number {
  if (answer.statusCode !== 206) return 0;
  const start = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "")?.[1];
  if (Number(start) === offset) return offset;
  answer.destroy();
  throw new RegistryError(
    "BAD_RESPONSE",
    `${subject}: ${endpoint.host} answered with another range than was asked for`,
  );
}

function toBreak(error: unknown, endpoint: Endpoint, offset: number, context: FetchBlobContext): unknown {
  context.signal?.throwIfAborted();
  const failure = networkError(error, context.subject, new URL(`https://${endpoint.host}`), true);
  if (failure === error || !(failure instanceof RegistryError) || failure.code !== "INTERRUPTED")
    return failure;
  return brokeOff(endpoint, offset, context, failure);
}

function brokeOff(
  endpoint: Endpoint,
  offset: number,
  { descriptor, subject }: FetchBlobContext,
  cause?: Error,
): RegistryError {
  const message = `${subject}: ${endpoint.host} broke off layer ${descriptor.digest} after ${offset} of ${descriptor.size} bytes`;
  return new RegistryError("INTERRUPTED", message, { isTransient: true, ...(cause ? { cause } : {}) });
}

function wrongSize(
  code: RegistryErrorCode,
  what: string,
  { descriptor, subject }: FetchBlobContext,
): RegistryError {
  return new RegistryError(
    code,
    `${subject}: layer ${descriptor.digest} has ${descriptor.size} bytes, ${what}`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
