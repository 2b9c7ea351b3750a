import type { SolveResult, StepResult } from "../engine/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { describeLocation } from "./cache-source.ts";
import { collectCache } from "./collect-cache.ts";
import { collectMounts, dropTars } from "./collect-mounts.ts";
import type { CacheTarget, WrittenCache } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

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
      await writeCache(target, solved, { steps, emit, signal });
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
  { steps, emit, signal }: { steps: StepEngine; emit: EmitEvent; signal: AbortSignal },
): Promise<void> {
  const { pushCache, writeLayoutCache } = await import("../cache/index.ts");
  const results = chosenResults(target.mode, solved);
  const mounts = await collectMounts(target, solved.cacheMounts, { steps, emit });
  const cache = await collectCache({ results, mounts }, target, steps);
  const { store, fetchBlob } = steps;
  if (target.type === "local") {
    await writeLayoutCache(store, cache, { directory: target.directory, tag: target.name, signal });
  } else {
    const { reference } = target;
    await pushCache(store, cache, { reference, registry: await steps.registry(), fetchBlob });
  }
  dropTars(mounts, steps);
}

function chosenResults(mode: CacheTarget["mode"], { results, stacks }: SolveResult): readonly StepResult[] {
  if (mode === "max") return results;
  if (mode === "auto") return results.filter(({ isCheap }) => !isCheap);
  const inImage = new Set(stacks.flatMap(({ layers }) => layers).map(({ identity }) => identity));
  return results.filter(({ layer }) => inImage.has(layer.identity));
}
