import {
  type CacheMountInfo,
  listCacheMounts,
  listVolumes,
  type Store,
  type VolumeInfo,
} from "../content/index.ts";
import { ImageSizes } from "./image-size.ts";
import { ImageStore } from "./image-store.ts";
import { planPrune, type StoreInventory } from "./plan-prune.ts";
import { takeInventory } from "./prune-store.ts";
import { imagesOf } from "./select-image.ts";

/** What takes how much room in a store. Sizes are bytes: of a layer, those of its files. Files that layers share by hard links count
 * in each of them. */
export interface DiskUsage {
  readonly images: readonly ImageUsage[];
  /** Results of steps, by what they were made for; the largest first. */
  readonly stages: readonly StageUsage[];
  readonly mounts: readonly (Omit<CacheMountInfo, "name"> & { readonly sizeBytes: number })[];
  readonly volumes: readonly (VolumeInfo & { readonly sizeBytes: number })[];
  readonly totals: Readonly<Record<"images" | "layers" | "blobs" | "mounts" | "volumes", UsageTotal>>;
}

export interface ImageUsage {
  readonly id: string;
  readonly names: readonly string[];
  readonly target: string | undefined;
  readonly sizeBytes: number;
  /** Of layers that other images have too. */
  readonly sharedBytes: number;
  /** When it was last put into the store. */
  readonly usedAtMs: number;
}

export interface StageUsage {
  /** Context directory; absent for base images and for builds without one. */
  readonly project: string | undefined;
  /** Absent for base images. */
  readonly stage: string | undefined;
  readonly layers: number;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
}

export interface UsageTotal {
  readonly count: number;
  readonly sizeBytes: number;
  /** What `prune --all --cache-mounts --volumes` would give back. */
  readonly reclaimableBytes: number;
}

export interface UsageFilter {
  /** Only what was last used before this time, in milliseconds since the epoch. */
  readonly usedBeforeMs?: number;
  /** Only results of steps, in any form, or only cache mounts; absent: images and volumes too. */
  readonly kind?: "results" | "mounts";
}

/** @param measure sums of file sizes below directories, in order */
export async function diskUsage(
  store: Store,
  measure: (paths: readonly string[]) => Promise<readonly number[]>,
  { usedBeforeMs = Infinity, kind }: UsageFilter = {},
): Promise<DiskUsage> {
  const isShown = ({ usedAtMs }: { readonly usedAtMs: number }) => usedAtMs < usedBeforeMs;
  const inventory = kind === "mounts" ? nothing : takeInventory(store);
  const found = kind === "results" ? [] : listCacheMounts(store.paths.mounts).filter(isShown);
  const kept = kind === undefined ? listVolumes(store.paths.volumes).filter(isShown) : [];
  const paths = [...found, ...kept].map(({ path }) => path);
  const sizes = paths.length > 0 ? await measure(paths) : [];
  const mounts = found.map(({ name: _name, ...mount }, index) => ({
    ...mount,
    sizeBytes: sizes[index] ?? 0,
  }));
  const volumes = kept.map((volume, index) => ({ ...volume, sizeBytes: sizes[found.length + index] ?? 0 }));
  const images = kind === undefined ? imageUsage(store).filter(isShown) : [];
  const layers = inventory.layers.filter(isShown);
  return {
    images,
    stages: stageUsage({ ...inventory, layers }),
    mounts,
    volumes,
    totals: totals(inventory, { images, layers, blobs: inventory.blobs.filter(isShown), mounts, volumes }),
  };
}

const nothing: StoreInventory = { images: [], cache: [], layers: [], blobs: [] };

function imageUsage(store: Store): readonly ImageUsage[] {
  const sizes = new ImageSizes(store);
  const known = new ImageStore(store);
  const images = known.list().map((image) => ({ image, layers: layerSizes(sizes, image) }));
  const users = new Map<string, number>();
  for (const { layers } of images) for (const key of layers.keys()) users.set(key, (users.get(key) ?? 0) + 1);
  return images.map(({ image: { id, names, record, recordId }, layers }) => ({
    id,
    names,
    target: imagesOf(record)[0]?.build?.target,
    sizeBytes: sum([...layers.values()]),
    sharedBytes: sum([...layers].flatMap(([key, size]) => (users.get(key)! > 1 ? size : []))),
    usedAtMs: known.usedAtMs(recordId) ?? 0,
  }));
}

/** Sizes by what identifies a layer. */
function layerSizes(
  sizes: ImageSizes,
  { record }: ReturnType<ImageStore["list"]>[number],
): ReadonlyMap<string, number> {
  const layers = imagesOf(record).flatMap((image) => image.layers);
  return new Map(
    layers.map((layer) => [layer.kind === "directory" ? layer.layer : layer.diffID, sizes.layerSize(layer)]),
  );
}

function stageUsage({ cache, layers }: StoreInventory): readonly StageUsage[] {
  const byId = new Map(layers.map((layer) => [layer.id, layer]));
  const stages = new Map<string, StageUsage>();
  for (const { layer: id, project, stage } of cache) {
    const layer = byId.get(id ?? "");
    if (!layer) continue;
    byId.delete(layer.id); // found by its other keys too
    const key = `${project ?? ""}\n${stage}`;
    const known = stages.get(key) ?? {
      project: project || undefined,
      stage,
      layers: 0,
      sizeBytes: 0,
      usedAtMs: 0,
    };
    stages.set(key, {
      ...known,
      layers: known.layers + 1,
      sizeBytes: known.sizeBytes + layer.sizeBytes,
      usedAtMs: Math.max(known.usedAtMs, layer.usedAtMs),
    });
  }
  return [...stages.values()].sort((a, b) => b.sizeBytes - a.sizeBytes);
}

/** What is reclaimable is so for all of the store: a layer that is not shown may need one that is. */
function totals(
  inventory: StoreInventory,
  shown: Pick<StoreInventory, "layers" | "blobs"> & Pick<DiskUsage, "images" | "mounts" | "volumes">,
): DiskUsage["totals"] {
  const plan = planPrune(inventory, Infinity, { cache: "all" });
  const [goneLayers, goneBlobs] = [new Set(plan.layers.map(({ id }) => id)), new Set(plan.blobs)];
  const total = (items: readonly { sizeBytes: number }[], reclaimable: readonly number[]): UsageTotal => ({
    count: items.length,
    sizeBytes: sum(items.map(({ sizeBytes }) => sizeBytes)),
    reclaimableBytes: sum(reclaimable),
  });
  const { images, layers, blobs, mounts, volumes } = shown;
  const untagged = images.filter(({ names }) => names.length === 0);
  return {
    images: total(
      images,
      untagged.map(({ sizeBytes, sharedBytes }) => sizeBytes - sharedBytes),
    ),
    layers: total(
      layers,
      layers.flatMap(({ id, sizeBytes }) => (goneLayers.has(id) ? sizeBytes : [])),
    ),
    blobs: total(
      blobs,
      blobs.flatMap((blob) => (goneBlobs.has(blob) ? blob.sizeBytes : [])),
    ),
    mounts: total(
      mounts,
      mounts.map(({ sizeBytes }) => sizeBytes),
    ),
    volumes: total(
      volumes,
      volumes.map(({ sizeBytes }) => sizeBytes),
    ),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
