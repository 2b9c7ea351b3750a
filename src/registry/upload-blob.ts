import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { Descriptor } from "../oci/index.ts";
import type { EndpointRequest } from "./endpoint-client.ts";
import { common, expectStatus, type PushContext } from "./put-manifest.ts";
import { locationOf } from "./redirect.ts";
import { RegistryError } from "./registry-error.ts";
import { withRetries } from "./retry.ts";
import { toChunks } from "./to-chunks.ts";

/** A blob to be pushed. */
export interface PushBlob {
  readonly descriptor: Descriptor;
  /** The bytes from the start; called again when an upload breaks. They are counted, and the registry verifies them. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Repository of the same registry that has the blob already, e.g. its base image's. */
  readonly mountFrom?: string | undefined;
}

/** A registry may take its time to check and move what it was sent. */
const uploadIdleTimeoutMs = 300_000;

/** How many bytes one request carries, by how often the blob was tried: all of them, then what passes a bad line or a proxy that
 * limits requests (nginx: 1 MB unless told otherwise). */
const requestBytes = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 8 << 20, 512 << 10] as const;
const firstInChunks = 2;

/** By these a registry, or a proxy before it, refuses a blob in one request; it may take it in smaller ones. */
const refusals: readonly number[] = [404, 405, 411, 413, 415, 416, 501];

interface Upload {
  readonly location: URL;
  /** The registry's own wish. */
  readonly minimumBytes: number;
}

/** Brings a blob into a repository that lacks it: from another repository, in one request, or in chunks where that fails.
 * @throws {RegistryError} | what `open` throws */
export async function uploadBlob(context: PushContext, blob: PushBlob): Promise<"uploaded" | "mounted"> {
  let tries = 0;
  return await withRetries(async () => {
    for (;;) {
      const limitBytes = requestBytes[Math.min(tries, requestBytes.length - 1)]!;
      const isLast = ++tries >= requestBytes.length;
      const upload = await startUpload(context, blob);
      if (upload === "mounted") return upload;
      const stored = await sendBytes(context, blob, { upload, limitBytes, accept: isLast ? [] : refusals });
      if (!refusals.includes(stored.statusCode ?? 0)) {
        expectStatus(context, stored, 201, `blob ${blob.descriptor.digest}`);
        return "uploaded";
      }
      tries = Math.max(tries, firstInChunks);
    }
  }, context.client.retryOptions(context.signal));
}

/** By the start of an upload the registry may take the blob from another repository. */
async function startUpload(context: PushContext, blob: PushBlob): Promise<Upload | "mounted"> {
  const { client, endpoint } = context;
  const { digest } = blob.descriptor;
  const from =
    blob.mountFrom === undefined || blob.mountFrom === endpoint.repository ? undefined : blob.mountFrom;
  const query = from === undefined ? "" : `?${new URLSearchParams({ mount: digest, from }).toString()}`;
  const started = await client.sendOnce(endpoint, {
    ...common(context),
    method: "POST",
    path: `blobs/uploads/${query}`,
    headers: { "content-length": 0 },
    ...(from === undefined ? {} : { scopes: [`repository:${from}:pull`] }),
  });
  started.resume();
  if (started.statusCode === 201) return "mounted";
  const base = await client.baseOf(endpoint, context.signal);
  const location = locationOf(started, new URL("blobs/uploads/", base), common(context));
  const wish = Number(started.headers["oci-chunk-min-length"] ?? 0);
  return { location, minimumBytes: Number.isSafeInteger(wish) && wish <= 64 << 20 ? wish : 0 };
}

interface Sending {
  readonly upload: Upload;
  readonly limitBytes: number;
  readonly accept: readonly number[];
}

/** Ends with the answer to the last request: 201, or an accepted refusal of any. */
async function sendBytes(context: PushContext, blob: PushBlob, sending: Sending): Promise<IncomingMessage> {
  const { upload, limitBytes, accept } = sending;
  if (limitBytes < Number.POSITIVE_INFINITY) return await sendChunks(context, blob, sending);
  return await send(context, "PUT", completing(upload.location, blob), {
    headers: { "content-type": "application/octet-stream", "content-length": blob.descriptor.size },
    body: () => Readable.from(counted(context, blob), { objectMode: false }),
    accept,
  });
}

async function sendChunks(
  context: PushContext,
  blob: PushBlob,
  { upload, limitBytes, accept }: Sending,
): Promise<IncomingMessage> {
  let { location } = upload;
  let offset = 0;
  for await (const chunk of toChunks(counted(context, blob), Math.max(limitBytes, upload.minimumBytes))) {
    const sent = await send(context, "PATCH", location, {
      headers: {
        "content-type": "application/octet-stream",
        "content-length": chunk.length,
        "content-range": `${offset}-${offset + chunk.length - 1}`,
      },
      body: () => chunk,
      accept,
    });
    if (accept.includes(sent.statusCode ?? 0)) return sent;
    expectStatus(context, sent, 202, `a part of blob ${blob.descriptor.digest}`);
    offset += chunk.length;
    location = locationOf(sent, location, common(context));
  }
  return await send(context, "PUT", completing(location, blob), { headers: { "content-length": 0 } });
}

async function send(
  context: PushContext,
  method: "PUT" | "PATCH",
  path: URL,
  request: Pick<EndpointRequest, "headers" | "body" | "accept">,
): Promise<IncomingMessage> {
  const { client, endpoint } = context;
  const whole = { ...common(context), ...request, method, path, idleTimeoutMs: uploadIdleTimeoutMs };
  const answer = await client.sendOnce(endpoint, whole);
  answer.resume();
  return answer;
}

function completing(location: URL, { descriptor }: PushBlob): URL {
  const url = new URL(location);
  url.searchParams.set("digest", descriptor.digest);
  return url;
}

/** The bytes of the blob, which must be as many as its descriptor says. */
async function* counted(context: PushContext, { descriptor, open }: PushBlob): AsyncGenerator<Uint8Array> {
  let sentBytes = 0;
  const wrongSize = () => {
    const what = `blob ${descriptor.digest} has ${sentBytes} bytes, its descriptor says ${descriptor.size}`;
    return new RegistryError("SIZE_MISMATCH", `${common(context).subject}: ${what}`);
  };
  for await (const chunk of open()) {
    sentBytes += chunk.length;
    if (sentBytes > descriptor.size) throw wrongSize();
    context.onProgress?.(descriptor, sentBytes);
    yield chunk;
  }
  if (sentBytes < descriptor.size) throw wrongSize();
}
