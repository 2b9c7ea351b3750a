import type { CacheDocument, CachedLayer } from "../cache/index.ts";
import type { SolveResult, StepResult } from "../engine/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { describeLocation } from "./cache-source.ts";
import { toCachedResults } from "./inline-cache.ts";
import type { CacheLocation, CacheTarget } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

/** A cache that is written for itself. */
type WrittenCache = CacheTarget & CacheLocation;

/** Keeps the results of a build for other machines; a cache in an image is written with it.
 * @throws what writing throws, unless the target ignores errors */
export async function writeCaches(
  targets: readonly CacheTarget[],
  solved: SolveResult,
  { steps, emit, signal }: { steps: StepEngine; emit: EmitEvent; signal: AbortSignal },
): Promise<void> {
  for (const target of targets) {
    if (target.type === "inline") continue;
    const id = `internal:exporting cache to ${describeLocation(target)}`;
    emit({ kind: "vertex", id, name: id.replace("internal:", ""), inputs: [] });
    emit({ kind: "vertex-started", id, timeMs: Date.now() });
    try {
      await writeCache(target, solved, { steps, signal });
      emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome: "done" });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome: "failed", error: message });
      signal.throwIfAborted();
      if (!target.ignoreError) throw error;
      emit({ kind: "note", text: `cache not exported to ${describeLocation(target)}: ${message}` });
    }
  }
}

async function writeCache(
  target: WrittenCache,
  solved: SolveResult,
  { steps, signal }: { steps: StepEngine; signal: AbortSignal },
): Promise<void> {
  const { pushCache, writeLayoutCache } = await import("../cache/index.ts");
  const cache = await collect(chosenResults(target.mode, solved), target, steps);
  const { store } = steps;
  if (target.type === "local") {
    await writeLayoutCache(store, cache, { directory: target.directory, tag: target.name, signal });
  } else {
    await pushCache(store, cache, { reference: target.reference, registry: await steps.registry() });
  }
}

function chosenResults(mode: CacheTarget["mode"], { results, stacks }: SolveResult): readonly StepResult[] {
  if (mode === "max") return results;
  if (mode === "auto") return results.filter(({ isCheap }) => !isCheap);
  const inImage = new Set(stacks.flatMap(({ layers }) => layers).map(({ identity }) => identity));
  return results.filter(({ layer }) => inImage.has(layer.identity));
}

/** Packs the layers; each is sent once, whatever number of keys it has. */
async function collect(
  results: readonly StepResult[],
  target: WrittenCache,
  steps: StepEngine,
): Promise<CacheDocument> {
  const packed = await Promise.all(results.map((result) => packLayer(result, target, steps)));
  const layers = [...new Map(packed.map((layer) => [layer.blob.digest, layer])).values()];
  const position = new Map(layers.map(({ blob }, index) => [blob.digest, index]));
  return {
    layers,
    results: results.flatMap((result, index) =>
      toCachedResults(result, position.get(packed[index]!.blob.digest)!),
    ),
  };
}

async function packLayer(
  { layer: { layer, reference } }: StepResult,
  { compression = "gzip", level }: WrittenCache,
  steps: StepEngine,
): Promise<CachedLayer> {
  if (layer.kind === "directory") {
    return await steps.packer.blob(layer.layer, { compression, ...(level !== undefined && { level }) });
  }
  const { diffID, blob } = layer;
  if (!steps.store.content.touch(blob.digest, blob.size)) await steps.fetchBlob(reference!, blob);
  return { diffID, blob };
}
