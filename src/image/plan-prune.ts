import type { LayerId } from "../content/index.ts";
import type { Digest } from "../oci/index.ts";
import type { RecordId } from "./record-files.ts";

/** What is in a store, and when it was last used (milliseconds since the epoch). */
export interface StoreInventory {
  readonly images: readonly ImageItem[];
  readonly cache: readonly CacheItem[];
  readonly layers: readonly LayerItem[];
  readonly blobs: readonly BlobItem[];
}

export interface ImageItem {
  readonly id: RecordId;
  readonly isNamed: boolean;
  readonly usedAtMs: number;
  readonly layers: readonly LayerId[];
  /** diffIDs of layers that are known by their blob. */
  readonly diffIDs: readonly string[];
  readonly blobs: readonly Digest[];
}

/** A cache record. */
export interface CacheItem {
  readonly key: string;
  /** Undefined for a record that names no layer. */
  readonly layer: LayerId | undefined;
  /** Of the layer; an unpacked base layer's is its diffID. */
  readonly identity: string | undefined;
  /** Of a result of another machine: its layer's tar. */
  readonly blob?: Digest | undefined;
  /** What is said of a layer, in a blob: it goes when the layer does, and keeps the blob but not the layer. */
  readonly about?: { readonly layer: LayerId; readonly blob: Digest } | undefined;
  /** What the step was run for: the context directory, and the name of the stage. */
  readonly project?: string | undefined;
  readonly stage?: string | undefined;
}

export interface LayerItem {
  readonly id: LayerId;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
  /** Its tar in the content store, in its forms. */
  readonly blobs: readonly Digest[];
  /** Can nobody use it any more? */
  readonly isLost?: boolean;
}

export interface BlobItem {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
}

export interface PruneOptions {
  /** Which results of steps are given up: none, those that are no layer of an image, or all. */
  readonly cache: "keep" | "unused" | "all";
  /** Only what was last used before this time. */
  readonly usedBeforeMs?: number;
  /** Of the results to give up, the most recently used ones stay as long as they take no more than this. */
  readonly keepBytes?: number;
  /** Of the results to give up, the most recently used ones stay that need not go to free so much. */
  readonly freeBytes?: number;
  /** Images without a name stay too. */
  readonly keepImages?: boolean;
  /** Only results of this context directory, and no image. */
  readonly project?: string;
  /** Only results of stages of this name, and no image. */
  readonly stage?: string;
}

export interface PrunePlan {
  readonly images: readonly RecordId[];
  readonly cacheKeys: readonly string[];
  readonly layers: readonly RemovedLayer[];
  readonly blobs: readonly BlobItem[];
  readonly reclaimedBytes: number;
}

/** A layer, and what its step was run for, if that is known. */
export type RemovedLayer = LayerItem & Pick<CacheItem, "project" | "stage">;

/** Decides what a prune removes: images without a name, results of steps as the options say, and every layer and blob that
 * nothing left needs. What was used since `inUseSinceMs`, when the oldest process that still uses the store started, stays. */
export function planPrune(inventory: StoreInventory, inUseSinceMs: number, options: PruneOptions): PrunePlan {
  const limitMs = Math.min(inUseSinceMs, options.usedBeforeMs ?? Infinity);
  const isForSteps =
    (options.keepImages ?? false) || options.project !== undefined || options.stage !== undefined;
  const keptImages = inventory.images.filter(
    (image) => image.isNamed || isForSteps || image.usedAtMs >= limitMs,
  );
  const cacheKeys = cacheToRemove(inventory, keptImages, { ...options, limitMs });
  const layers = layersToRemove(inventory, keptImages, { cacheKeys, inUseSinceMs });
  const said = saidOfLayers(inventory, new Set(layers));
  const blobs = blobsToRemove(inventory, keptImages, { layers, said, inUseSinceMs });
  const kept = new Set(keptImages);
  const madeFor = new Map(inventory.cache.map((item) => [item.layer, madeForOf(item)]));
  return {
    images: inventory.images.filter((image) => !kept.has(image)).map(({ id }) => id),
    cacheKeys: [...cacheKeys, ...said.goneKeys],
    layers: layers.map((layer) => ({ ...layer, ...madeFor.get(layer.id) })),
    blobs,
    reclaimedBytes: [...layers, ...blobs].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

function madeForOf({ project, stage }: CacheItem): Pick<CacheItem, "project" | "stage"> {
  return { ...(project !== undefined && { project }), ...(stage !== undefined && { stage }) };
}

/** A record whose layer is gone says nothing any more. */
function cacheToRemove(
  { cache, layers, blobs }: StoreInventory,
  keptImages: readonly ImageItem[],
  options: PruneOptions & { readonly limitMs: number },
): ReadonlySet<string> {
  const byId = new Map(layers.filter(({ isLost }) => !isLost).map((layer) => [layer.id, layer]));
  const needed = new Set(keptImages.flatMap((image) => [...image.layers, ...image.diffIDs]));
  const isNeeded = ({ layer, identity }: CacheItem) => needed.has(layer ?? "") || needed.has(identity ?? "");
  const givenUp = cache.filter((item) => {
    const layer = item.layer === undefined ? undefined : byId.get(item.layer);
    if (!layer || options.cache === "keep" || layer.usedAtMs >= options.limitMs) return false;
    if (!isChosen(item, options)) return false;
    return options.cache === "all" || !isNeeded(item);
  });
  const layersGivenUp = new Set(givenUp.map(({ layer }) => byId.get(layer!)!));
  const spared = mostRecent(layersGivenUp, keptBytes(layersGivenUp, options));
  const present = new Set(blobs.map(({ digest }) => digest));
  const isGone = ({ layer, blob }: CacheItem) =>
    layer === undefined ? blob !== undefined && !present.has(blob) : !byId.has(layer);
  const removed = [...cache.filter(isGone), ...givenUp.filter(({ layer }) => !spared.has(layer!))];
  return new Set(removed.map(({ key }) => key));
}

function isChosen({ project, stage }: CacheItem, options: PruneOptions): boolean {
  return (
    (options.project === undefined || options.project === project) &&
    (options.stage === undefined || options.stage === stage)
  );
}

/** Where both are asked for, each may keep something. */
function keptBytes(layers: ReadonlySet<LayerItem>, { keepBytes = 0, freeBytes }: PruneOptions): number {
  if (freeBytes === undefined) return keepBytes;
  const allBytes = [...layers].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return Math.max(keepBytes, allBytes - freeBytes);
}

/** The layers used last that together take no more than `limitBytes`. */
function mostRecent(layers: ReadonlySet<LayerItem>, limitBytes: number): ReadonlySet<LayerId> {
  const spared = new Set<LayerId>();
  let sizeBytes = 0;
  for (const layer of [...layers].sort((a, b) => b.usedAtMs - a.usedAtMs)) {
    sizeBytes += layer.sizeBytes;
    if (sizeBytes > limitBytes) break;
    spared.add(layer.id);
  }
  return spared;
}

function layersToRemove(
  { cache, layers }: StoreInventory,
  keptImages: readonly ImageItem[],
  { cacheKeys, inUseSinceMs }: { cacheKeys: ReadonlySet<string>; inUseSinceMs: number },
): readonly LayerItem[] {
  const needed = new Set<LayerId | undefined>(keptImages.flatMap((image) => image.layers));
  for (const { key, layer } of cache) if (!cacheKeys.has(key)) needed.add(layer);
  return layers.filter(({ id, usedAtMs, isLost }) => isLost || (!needed.has(id) && usedAtMs < inUseSinceMs));
}

/** Of what is said of layers: the records that go, and the blobs that stay. */
function saidOfLayers(
  { cache, layers, blobs }: StoreInventory,
  removed: ReadonlySet<LayerItem>,
): { readonly goneKeys: readonly string[]; readonly blobs: readonly Digest[] } {
  const keptLayers = new Set(layers.filter((layer) => !removed.has(layer)).map(({ id }) => id));
  const present = new Set(blobs.map(({ digest }) => digest));
  const isKept = ({ about }: CacheItem) => keptLayers.has(about!.layer) && present.has(about!.blob);
  const said = cache.filter(({ about }) => about !== undefined);
  return {
    goneKeys: said.filter((item) => !isKept(item)).map(({ key }) => key),
    blobs: said.filter(isKept).map(({ about }) => about!.blob),
  };
}

function blobsToRemove(
  inventory: StoreInventory,
  keptImages: readonly ImageItem[],
  {
    layers,
    said,
    inUseSinceMs,
  }: {
    readonly layers: readonly LayerItem[];
    readonly said: { readonly blobs: readonly Digest[] };
    readonly inUseSinceMs: number;
  },
): readonly BlobItem[] {
  const removed = new Set(layers);
  const keptLayers = inventory.layers.filter((layer) => !removed.has(layer));
  const needed = new Set([...keptImages, ...keptLayers, said].flatMap(({ blobs }) => blobs));
  return inventory.blobs.filter(({ digest, usedAtMs }) => !needed.has(digest) && usedAtMs < inUseSinceMs);
}
