import { Readable } from "node:stream";
import type { Descriptor, ImageReference } from "../oci/index.ts";
import { pushReferrer } from "./push-referrer.ts";
import { common, expectStatus, type PushContext, putManifest, subjectOf } from "./put-manifest.ts";
import { locationOf } from "./redirect.ts";
import { RegistryError } from "./registry-error.ts";
import type { RemoteDocument } from "./resolve-image.ts";
import { withRetries } from "./retry.ts";

/** A blob to be pushed. */
export interface PushBlob {
  readonly descriptor: Descriptor;
  /** The bytes from the start; called again when an upload breaks. They are counted, and the registry verifies them. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Repository of the same registry that has the blob already, e.g. its base image's. */
  readonly mountFrom?: string | undefined;
}

export interface PushImage {
  /** Configs and layers. */
  readonly blobs: readonly PushBlob[];
  /** Manifests in the order in which they are put; the last one is what the tags point to, an index after its manifests. Referrers alone
   * need none, and have no tags. */
  readonly documents: readonly RemoteDocument[];
  /** Manifests that have one of the documents, or of these, as their subject; put after them, before the tags. */
  readonly referrers?: readonly RemoteDocument[];
}

export interface PushResult {
  /** Blobs that were sent, that the registry took from another of its repositories, and that were there. */
  readonly uploaded: readonly Descriptor[];
  readonly mounted: readonly Descriptor[];
  readonly existing: readonly Descriptor[];
}

type BlobOutcome = keyof PushResult;

/** A registry may take its time to check and move what it was sent. */
const uploadIdleTimeoutMs = 300_000;

/** Pushes an image under several names, one repository after the other; blobs are taken over within a registry.
 * @param repositoryOf the context of a reference's repository */
export async function pushToAll(
  references: readonly ImageReference[],
  image: PushImage,
  repositoryOf: (reference: ImageReference) => PushContext,
): Promise<PushResult> {
  const results: PushResult[] = [];
  const previous = new Map<string, string>();
  for (const [first, ...others] of byRepository(references)) {
    const blobs = image.blobs.map((blob) => ({
      ...blob,
      mountFrom: previous.get(first.domain) ?? blob.mountFrom,
    }));
    const tags = [first, ...others].flatMap(({ tag }) => tag ?? []);
    results.push(await pushImage(repositoryOf(first), { ...image, blobs }, tags));
    previous.set(first.domain, first.path);
  }
  const all = (outcome: BlobOutcome) => results.flatMap((result) => result[outcome]);
  return { uploaded: all("uploaded"), mounted: all("mounted"), existing: all("existing") };
}

function byRepository(references: readonly ImageReference[]): [ImageReference, ...ImageReference[]][] {
  const groups = new Map<string, [ImageReference, ...ImageReference[]]>();
  for (const reference of references) {
    const group = groups.get(`${reference.domain}/${reference.path}`);
    if (group) group.push(reference);
    else groups.set(`${reference.domain}/${reference.path}`, [reference]);
  }
  return [...groups.values()];
}

/** Brings an image into one repository and points `tags` to it. Sends only what is not there; the tags move last, so that they
 * never point to half an image.
 * @throws {RegistryError} | what `open` throws */
async function pushImage(
  context: PushContext,
  image: PushImage,
  tags: readonly string[],
): Promise<PushResult> {
  const outcomes = await Promise.all(
    distinct(image.blobs).map((blob) => context.blobSlots.run(() => pushBlob(context, blob))),
  );
  const blobs = distinct(image.blobs).map((blob) => blob.descriptor);
  const whose = (outcome: BlobOutcome) => blobs.filter((_, index) => outcomes[index] === outcome);
  for (const document of image.documents) await putManifest(context, document, document.descriptor.digest);
  for (const referrer of image.referrers ?? []) await pushReferrer(context, referrer);
  for (const tag of tags) await putManifest(context, image.documents.at(-1)!, tag);
  return { uploaded: whose("uploaded"), mounted: whose("mounted"), existing: whose("existing") };
}

async function pushBlob(context: PushContext, blob: PushBlob): Promise<BlobOutcome> {
  const { client, endpoint, signal, onProgress } = context;
  signal?.throwIfAborted();
  const { digest, size } = blob.descriptor;
  const found = await client.send(endpoint, {
    ...common(context),
    method: "HEAD",
    path: `blobs/${digest}`,
    accept: [404],
  });
  found.resume();
  const outcome =
    found.statusCode === 404
      ? await withRetries(() => upload(context, blob), client.retryOptions(signal))
      : "existing";
  onProgress?.(blob.descriptor, size);
  return outcome;
}

/** Starts an upload, by which the registry may take the blob from another repository, and sends the bytes in one request. */
async function upload(context: PushContext, blob: PushBlob): Promise<BlobOutcome> {
  const { client, endpoint } = context;
  const { digest, size } = blob.descriptor;
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
  const location = locationOf(started, new URL("blobs/uploads/", base), {
    subject: subjectOf(context.reference),
  });
  location.searchParams.set("digest", digest);
  const stored = await client.sendOnce(endpoint, {
    ...common(context),
    method: "PUT",
    path: location,
    headers: { "content-type": "application/octet-stream", "content-length": size },
    body: () => Readable.from(counted(context, blob), { objectMode: false }),
    idleTimeoutMs: uploadIdleTimeoutMs,
  });
  stored.resume();
  expectStatus(context, stored, 201, `blob ${digest}`);
  return "uploaded";
}

/** The bytes of the blob, which must be as many as its descriptor says. */
async function* counted(
  { reference, onProgress }: PushContext,
  { descriptor, open }: PushBlob,
): AsyncGenerator<Uint8Array> {
  let sentBytes = 0;
  const wrongSize = () => {
    const what = `blob ${descriptor.digest} has ${sentBytes} bytes, its descriptor says ${descriptor.size}`;
    return new RegistryError("SIZE_MISMATCH", `${subjectOf(reference)}: ${what}`);
  };
  for await (const chunk of open()) {
    sentBytes += chunk.length;
    if (sentBytes > descriptor.size) throw wrongSize();
    onProgress?.(descriptor, sentBytes);
    yield chunk;
  }
  if (sentBytes < descriptor.size) throw wrongSize();
}

function distinct(blobs: readonly PushBlob[]): PushBlob[] {
  return [...new Map(blobs.map((blob) => [blob.descriptor.digest, blob])).values()];
}
