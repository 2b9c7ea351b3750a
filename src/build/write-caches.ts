import type { SolveResult } from "../engine/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { describeLocation } from "./cache-source.ts";
import { chooseResults, layerSizeBytes } from "./choose-results.ts";
import { collectCache } from "./collect-cache.ts";
import { collectMounts, dropTars } from "./collect-mounts.ts";
import type { CacheTarget, WrittenCache } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

export interface CacheEnvironment {
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
  /** Was the image pushed to a registry? */
  readonly isPushed: boolean;
}

/** Keeps the results of a build for other machines; a cache in an image is written with it.
 * @throws what writing throws, unless the target ignores errors */
export async function writeCaches(
  targets: readonly CacheTarget[],
  solved: SolveResult,
  environment: CacheEnvironment,
): Promise<void> {
  const { emit, signal } = environment;
  for (const target of targets) {
    if (target.type === "inline") continue;
    const id = `internal:exporting cache to ${describeLocation(target)}`;
    emit({ kind: "vertex", id, name: id.replace("internal:", ""), inputs: [] });
    emit({ kind: "vertex-started", id, timeMs: Date.now() });
    try {
      await writeCache(target, solved, environment);
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
  { steps, emit, signal, isPushed }: CacheEnvironment,
): Promise<void> {
  const { pushCache, writeLayoutCache } = await import("../cache/index.ts");
  const results = chooseResults(target.mode, solved, {
    isPushed,
    sizeOf: (layer) => layerSizeBytes(layer, steps.store),
  });
  const mounts = await collectMounts(target, solved, { steps, emit });
  const cache = await collectCache({ results, mounts }, target, steps);
  const { store, fetchBlob } = steps;
  if (target.type === "local") {
    const { directory, name: tag, isReset = false } = target;
    await writeLayoutCache(store, cache, { directory, tag, isReset, signal });
  } else {
    const { reference } = target;
    await pushCache(store, cache, { reference, registry: await steps.registry(), fetchBlob });
  }
  dropTars(mounts, steps);
}
