import type { Store } from "../content/index.ts";
import { dropUnnamedBlobs, exportLayout } from "../exporter/index.ts";
import { type Descriptor, digestOf, mediaTypes, parseReference } from "../oci/index.ts";
import type { AssembledImage } from "../image/index.ts";
import type { PushResult, RegistryClient } from "../registry/index.ts";
import { type CacheDocument, encodeCache } from "./cache-document.ts";

/** What an export that is under way may have written and not named yet. */
const youngMs = 10 * 60 * 1000;

/** Writes a cache into a directory as an OCI layout, beside what the layout holds already. The layers are in the content store.
 * @property isReset removes blobs that nothing in the layout names any more
 * @throws {ExporterError} | {ContentError} */
export async function writeLayoutCache(
  store: Store,
  cache: CacheDocument,
  { directory, tag, isReset, signal }: WriteLayoutOptions,
): Promise<void> {
  const names = [`slipway.local/cache:${tag}`];
  await exportLayout(store, [{ images: [put(store, cache)], names }], { dest: directory, signal });
  if (isReset) dropUnnamedBlobs(directory, { youngMs });
}

interface WriteLayoutOptions {
  readonly directory: string;
  readonly tag: string;
  readonly isReset: boolean;
  readonly signal: AbortSignal;
}

export interface PushCacheOptions {
  readonly reference: string;
  readonly registry: RegistryClient;
  /** Brings a layer's blob into the content store that is needed after all. */
  readonly fetchBlob: (reference: string, blob: Descriptor) => Promise<void>;
}

/** Pushes a cache; layers that the repository has are not sent.
 * @throws {RegistryError} | {ContentError} */
export async function pushCache(
  store: Store,
  cache: CacheDocument,
  { reference, registry, fetchBlob }: PushCacheOptions,
): Promise<PushResult> {
  const { config, manifest, manifestBytes } = put(store, cache);
  const open = (blob: Descriptor, from?: string) =>
    async function* () {
      const { digest, size } = blob;
      if (!store.content.touch(digest, size) && from !== undefined) await fetchBlob(from, blob);
      yield* store.content.stream(digest, size);
    };
  const blobs = [
    { descriptor: config, open: open(config) },
    ...cache.layers.map(({ blob, reference: from }) => ({ descriptor: blob, open: open(blob, from) })),
  ];
  const document = { descriptor: manifest, bytes: manifestBytes };
  return await registry.push([parseReference(reference)], { blobs, documents: [document] });
}

/** The cache as an image is written: its config and manifest come into the content store. */
function put(store: Store, cache: CacheDocument): AssembledImage {
  const { manifest, config, configDescriptor } = encodeCache(cache);
  store.content.put(config);
  store.content.put(manifest);
  const descriptor: Descriptor = {
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(manifest),
    size: manifest.length,
  };
  return {
    config: configDescriptor,
    configBytes: config,
    configDigest: configDescriptor.digest,
    manifest: descriptor,
    manifestBytes: manifest,
    layers: cache.layers,
  };
}
