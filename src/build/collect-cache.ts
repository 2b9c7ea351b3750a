import type { CacheDocument, CachedLayer } from "../cache/index.ts";
import { compressionOf } from "../image/index.ts";
import type { StepResult } from "../engine/index.ts";
import type { CarriedMount } from "./collect-mounts.ts";
import { toCachedResults } from "./inline-cache.ts";
import type { WrittenCache } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

/** A cache of these results and cache mounts. Layers are packed; each is there once, whatever number of keys it has. One of another
 * machine may stay where it is, for the registry that it goes to may have it. */
export async function collectCache(
  { results, mounts }: { results: readonly StepResult[]; mounts: readonly CarriedMount[] },
  target: WrittenCache,
  steps: StepEngine,
): Promise<CacheDocument> {
  const packed = await Promise.all(results.map((result) => packLayer(result, target, steps)));
  const all = [...packed, ...mounts.map(({ layer }) => layer)];
  const layers = [...new Map(all.map((layer) => [layer.blob.digest, layer])).values()];
  if (target.type === "local") await Promise.all(layers.map((layer) => fetch(layer, steps)));
  const position = new Map(layers.map(({ blob }, index) => [blob.digest, index]));
  const placeOf = ({ blob }: CachedLayer) => position.get(blob.digest)!;
  return {
    layers,
    results: results.flatMap((result, index) => toCachedResults(result, placeOf(packed[index]!))),
    ...(mounts.length > 0 && {
      mounts: mounts.map(({ facts, layer }) => ({ ...facts, layer: placeOf(layer) })),
    }),
  };
}

async function packLayer(
  { layer: { layer, reference } }: StepResult,
  { compression = "gzip", level, isForced = false }: WrittenCache,
  steps: StepEngine,
): Promise<CachedLayer> {
  const form = { compression, ...(level !== undefined && { level }) };
  if (layer.kind === "directory") return await steps.packer.blob(layer.layer, form);
  const { diffID, blob } = layer;
  const found = { diffID, blob, ...(reference !== undefined && { reference }) };
  if (!isForced || compressionOf(blob) === compression) return found;
  await fetch(found, steps);
  return await steps.packer.compressAnew(found, form);
}

async function fetch({ blob, reference }: CachedLayer, { store, fetchBlob }: StepEngine): Promise<void> {
  const isThere = store.content.touch(blob.digest, blob.size);
  if (!isThere && reference !== undefined) await fetchBlob(reference, blob);
}
