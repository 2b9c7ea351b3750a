import type { Descriptor, ImageReference } from "../oci/index.ts";
import { pushReferrer } from "./push-referrer.ts";
import { common, type PushContext, putManifest } from "./put-manifest.ts";
import type { RemoteDocument } from "./resolve-image.ts";
import { type PushBlob, uploadBlob } from "./upload-blob.ts";

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
  const outcome = found.statusCode === 404 ? await uploadBlob(context, blob) : "existing";
  onProgress?.(blob.descriptor, size);
  return outcome;
}

function distinct(blobs: readonly PushBlob[]): PushBlob[] {
  return [...new Map(blobs.map((blob) => [blob.descriptor.digest, blob])).values()];
}
