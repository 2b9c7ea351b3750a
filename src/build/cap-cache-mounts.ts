import { listCacheMounts } from "../content/index.ts";
import type { SolveResult } from "../engine/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { formatBytes } from "../util/index.ts";
import type { StepEngine } from "./step-engine.ts";

/** Empties those of the cache mounts that hold more than `limitBytes`. Which of its files a cache could do without only its owner
 * knows, and an empty one always works. One that another build uses now stays. */
export async function capCacheMounts(
  names: SolveResult["cacheMounts"],
  limitBytes: number,
  { steps, emit }: { steps: StepEngine; emit: EmitEvent },
): Promise<void> {
  const mounts = listCacheMounts(steps.store.paths.mounts).filter(({ name }) =>
    names.some(({ namespace, id }) => name?.namespace === namespace && name.id === id),
  );
  if (mounts.length === 0) return;
  const worker = await steps.worker();
  const { sizesBytes } = await worker.measure({ paths: mounts.map(({ path }) => path) });
  const large = mounts.filter((_, index) => sizesBytes[index]! > limitBytes);
  if (large.length === 0) return;
  const removed = await worker.emptyMounts({ paths: large.map(({ path }) => path) });
  for (const [index, { id }] of large.entries()) {
    const freed = removed.sizesBytes[index];
    if (freed === null || freed === undefined) continue;
    const text = `cache mount ${JSON.stringify(id)} emptied: ${formatBytes(freed)} are more than ${formatBytes(limitBytes)}`;
    emit({ kind: "note", text });
  }
}
