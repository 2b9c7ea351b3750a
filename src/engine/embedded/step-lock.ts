import { setTimeout as sleep } from "node:timers/promises";
import type { Vertex } from "../../llb/index.ts";
import type { Turn } from "../../solver/index.ts";
import type { StackLayer } from "../stack.ts";
import type { Value } from "./environment.ts";
import type { CacheKey } from "./key-parts.ts";
import { type SolveEnvironment, takeLayer } from "./step-context.ts";

/** A wait as long as this is worth telling. */
const shortWaitMs = 1000;

export interface SharedStep {
  readonly key: CacheKey;
  readonly inputs: readonly Value[];
  readonly turn: Turn;
  /** Makes and records its layer. */
  run(): Promise<StackLayer>;
}

/** Runs a step once for all builds that use the store: while another build runs it, this one waits, and takes what that one recorded.
 * A build that fails or is killed leaves the step to the next. While it waits, its turn goes to others.
 * @returns the step's layer, and whether it ran here */
export async function runOnce(
  environment: SolveEnvironment,
  vertex: Vertex,
  step: SharedStep,
): Promise<{ layer: StackLayer; ran: boolean }> {
  if (vertex.metadata.ignoreCache) return { layer: await step.run(), ran: true };
  const worker = await environment.worker();
  const lock = { name: step.key };
  const tryLock = async () => (await worker.tryLock(lock)).isTaken;
  const { signal } = step.turn;
  if (!(await tryLock())) await step.turn.idle(() => waitFor(tryLock, environment, vertex, signal));
  try {
    const taken = takeLayer(environment, vertex, step);
    return { layer: taken ?? (await step.run()), ran: taken === undefined };
  } finally {
    worker.unlock(lock).catch(() => {}); // a worker that is gone holds nothing
  }
}

async function waitFor(
  tryLock: () => Promise<boolean>,
  { emit }: SolveEnvironment,
  { digest: id }: Vertex,
  signal: AbortSignal,
): Promise<void> {
  const text = "waiting for another build that runs this step\n";
  const tell = () => emit({ kind: "vertex-log", id, timeMs: Date.now(), stream: 2, text });
  const timer = setTimeout(tell, shortWaitMs);
  try {
    for (let waitMs = 10; !(await tryLock()); waitMs = Math.min(waitMs * 2, 100)) {
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  } finally {
    clearTimeout(timer);
  }
}
