import { rmSync, statSync } from "node:fs";
import path from "node:path";
import type { Store } from "../content/index.ts";
import type { Digest } from "../oci/index.ts";
import { isErrno, listIfThere } from "../util/index.ts";
import type { ImageLayer, ImageRecord, StoredRecord } from "./image-record.ts";
import { ImageStore } from "./image-store.ts";
import { knownAssembly, knownConfigDigest, knownIndex } from "./known-image.ts";
import {
  type CacheItem,
  type ImageItem,
  type LayerItem,
  planPrune,
  type PruneOptions,
  type PrunePlan,
  type StoreInventory,
} from "./plan-prune.ts";
import { imagesOf, isIndex } from "./select-image.ts";

export interface PruneRun extends PruneOptions {
  /** Removes directories whatever owners and modes they hold: the worker's `remove`. Called at most once, with at least one. */
  readonly removeTrees: (paths: readonly string[]) => Promise<void>;
}

/** Removes what nothing needs (see `planPrune`), and what processes that are gone left half done. May be interrupted at any
 * moment: what points to something goes before it does. A build that starts at the same time loses no layer and no blob that it has found (`touch`).
 * @returns what was planned; with something that came into use meanwhile still in the store */
export async function pruneStore(store: Store, { removeTrees, ...options }: PruneRun): Promise<PrunePlan> {
  const plan = previewPrune(store, options);
  const images = new ImageStore(store);
  for (const id of plan.images) images.removeRecord(id);
  for (const key of plan.cacheKeys) store.cache.remove(key);
  const trees = plan.layers
    .map(({ id, usedAtMs }) => store.layers.takeOut(id, usedAtMs))
    .filter((tree) => tree !== undefined);
  for (const { digest, usedAtMs } of plan.blobs) store.content.removeUnused(digest, usedAtMs);
  trees.push(...store.temp.claimStale());
  removeOldPlans(store);
  if (trees.length > 0) await removeTrees(trees);
  return plan;
}

const planLifeMs = 30 * 24 * 60 * 60 * 1000;

/** They are of projects that may be gone, and save no more than some milliseconds. */
function removeOldPlans({ paths }: Store): void {
  for (const name of listIfThere(paths.plans)) {
    const file = path.join(paths.plans, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > planLifeMs) rmSync(file, { force: true });
  }
}

/** What a prune would remove. Nothing is changed. */
export function previewPrune(store: Store, options: PruneOptions): PrunePlan {
  announce(store); // what appears from here on is in use: it is newer than this process
  // Before the images are listed: one that ends after that has used what no image on the list has.
  const inUseSinceMs = store.temp.oldestLiveStartMs();
  return planPrune(takeInventory(store), inUseSinceMs, options);
}

/** On a full disk there may be no room even for a directory: what is there only to save time goes first. */
function announce(store: Store): void {
  for (const directory of [store.paths.contexts, store.paths.builds]) {
    try {
      return void store.temp.dir();
    } catch (error) {
      if (!isErrno(error, "ENOSPC", "EDQUOT")) throw error;
      rmSync(directory, { recursive: true, force: true });
    }
  }
  store.temp.dir();
}

/** What the store holds. Reads every record. */
export function takeInventory(store: Store): StoreInventory {
  return {
    images: listImages(store),
    cache: [...store.cache.list()].map((key) => toCacheItem(key, store.cache.get(key))),
    layers: store.layers.list().flatMap((id) => toLayerItem(store, id) ?? []),
    blobs: [...store.content.list()].map(({ digest, sizeBytes, mtimeMs }) => ({
      digest,
      sizeBytes,
      usedAtMs: mtimeMs,
    })),
  };
}

function listImages(store: Store): readonly ImageItem[] {
  const images = new ImageStore(store);
  return images.listRecords().map(({ recordId, record, names }) => ({
    id: recordId,
    isNamed: names.length > 0,
    usedAtMs: images.usedAtMs(recordId) ?? 0,
    layers: layersOf(record).flatMap((layer) => (layer.kind === "directory" ? layer.layer : [])),
    diffIDs: layersOf(record).flatMap((layer) => (layer.kind === "blob" ? layer.diffID : [])),
    blobs: [...imagesOf(record).flatMap((image) => blobsOf(store, image)), ...indexBlobs(store, record)],
  }));
}

function layersOf(record: StoredRecord): readonly ImageLayer[] {
  return imagesOf(record).flatMap(({ layers }) => layers);
}

function indexBlobs(store: Store, record: StoredRecord): readonly Digest[] {
  if (!isIndex(record)) return [];
  const known = knownIndex(store, record)?.descriptor.digest ?? [];
  const { origin, others = [] } = record;
  const named = others.flatMap(({ manifest, blobs }) => [
    manifest.digest,
    ...blobs.map((blob) => blob.digest),
  ]);
  return [known, origin?.digest ?? [], named].flat();
}

/** Of a built image, config and manifest are there when it was assembled. */
function blobsOf(store: Store, record: ImageRecord): readonly Digest[] {
  const layers = record.layers.flatMap((layer) => (layer.kind === "blob" ? layer.blob.digest : []));
  const config = knownConfigDigest(store, record);
  const manifests = record.origin
    ? [record.origin.digest, record.origin.manifest.digest]
    : [knownAssembly(store, record)?.manifest.digest ?? []].flat();
  // The statements are made of these again.
  const predicates = record.attestations?.predicates.map(({ digest }) => digest) ?? [];
  return [...layers, ...manifests, ...(config ? [config] : []), ...predicates];
}

/** Cache records are the engine's; what counts here is the layer that one points to, and what it was made for. */
function toCacheItem(key: string, value: unknown): CacheItem {
  const record = (value ?? {}) as Record<string, unknown>;
  const text = (member: unknown) => (typeof member === "string" ? member : undefined);
  const { remote } = record as { remote?: { blob?: { digest?: unknown } } };
  const { about } = record as { about?: CacheItem["about"] };
  return {
    key,
    layer: text(record["layer"]),
    identity: text(record["identity"]),
    blob: text(remote?.blob?.digest) as Digest | undefined,
    ...(about && { about }),
    project: text(record["project"])?.split("\n", 1)[0],
    stage: text(record["stage"]),
  };
}

function toLayerItem(store: Store, id: string): LayerItem | undefined {
  const usedAtMs = store.layers.usedAtMs(id);
  if (usedAtMs === undefined) return undefined;
  const meta = store.layers.readMeta(id);
  const blobs = store.layers.listPacks(id).flatMap((pack) => pack.blobs.map(({ digest }) => digest));
  return { id, sizeBytes: meta?.sizeBytes ?? 0, usedAtMs, blobs, isLost: meta === undefined };
}
