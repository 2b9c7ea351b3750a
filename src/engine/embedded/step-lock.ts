import { setTimeout as sleep } from "node:timers/promises";
import type { CacheKey } from "../../content/index.ts";
import type { Vertex } from "../../llb/index.ts";
import type { Turn } from "../../solver/index.ts";
import type { Once, StepLock } from "../../worker/index.ts";
import type { StackLayer } from "../stack.ts";
import type { Value } from "./environment.ts";
import { type SolveEnvironment, takeLayer } from "./step-context.ts";

/** A wait as long as this is worth telling. */
const shortWaitMs = 1000;

export interface SharedStep {
  readonly key: CacheKey;
  readonly inputs: readonly Value[];
  readonly turn: Turn<Value>;
  /** Does its work wait for others too, as for the lock of a cache mount? */
  readonly waitsForOthers: boolean;
  /** Makes and records its layer.
   * @param underLock sends the request that does the work, if nobody else does it; undefined: it is left to this step */
  run(underLock?: UnderLock): Promise<StackLayer>;
}

/** What it throws must reach whoever gave it. */
export type UnderLock = <Result>(send: (lock: StepLock) => Promise<Once<Result>>) => Promise<Result>;

/** Runs a step once for all builds that use the store: while another build runs it, this one waits, and takes what that one recorded.
 * A build that fails or is killed leaves the step to the next. While it waits, its turn goes to others.
 * @returns the step's layer, and whether it ran here */
export async function runOnce(
  environment: SolveEnvironment,
  vertex: Vertex,
  step: SharedStep,
): Promise<{ layer: StackLayer; ran: boolean }> {
  if (vertex.metadata.ignoreCache) return { layer: await step.run(), ran: true };
  const lock = new HeldLock(environment, step.key);
  try {
    const layer = isReady(environment, step) ? await tryToRun(step, lock) : undefined;
    if (layer) return { layer, ran: true };
    if (!(await lock.take()))
      await step.turn.idle(() => waitFor(lock, environment, vertex, step.turn.signal));
    const taken = takeLayer(environment, vertex, step);
    return { layer: taken ?? (await step.run()), ran: taken === undefined };
  } finally {
    void lock.free();
  }
}

/** Can it be tried without anything that may be for nothing when another build runs it, as to fetch a base image? */
function isReady({ directories }: SolveEnvironment, { inputs, waitsForOthers }: SharedStep): boolean {
  const isHere = (input: Value) => input.kind === "context" || directories.isHere(input.stack);
  return !waitsForOthers && inputs.every(isHere);
}

/** Undefined when others run it, or did. One message to the worker, instead of one more for the lock. */
async function tryToRun(step: SharedStep, lock: HeldLock): Promise<StackLayer | undefined> {
  const notRun = new Error("Internal error: a step went on that was left to others");
  try {
    return await step.run(async (send) => {
      const once = await lock.during(send);
      if (once.outcome !== "done") throw notRun;
      return once.result;
    });
  } catch (error) {
    if (error === notRun) return undefined;
    throw error;
  }
}

class HeldLock {
  readonly #environment: SolveEnvironment;
  readonly #key: CacheKey;
  #isHeld = false;

  constructor(environment: SolveEnvironment, key: CacheKey) {
    this.#environment = environment;
    this.#key = key;
  }

  /** @returns is it held? */
  async take(): Promise<boolean> {
    if (this.#isHeld) return true;
    const worker = await this.#environment.worker();
    const { isTaken } = await worker.tryLock({ name: this.#key });
    return (this.#isHeld = isTaken);
  }

  /** A request that takes the lock, and keeps it unless its answer says otherwise. */
  async during<Result>(send: (lock: StepLock) => Promise<Once<Result>>): Promise<Once<Result>> {
    this.#isHeld = true; // whatever becomes of the step
    const once = await send({ lock: this.#key });
    this.#isHeld = once.outcome === "done" || once.outcome === "recorded";
    return once;
  }

  /** Once others can find what was recorded. */
  async free(): Promise<void> {
    if (!this.#isHeld) return;
    await this.#environment.records.written().catch(() => {}); // told at the end of the build
    const unlocked = this.#environment.worker().then((worker) => worker.unlock({ name: this.#key }));
    await unlocked.catch(() => {}); // a worker that is gone holds nothing
  }
}

async function waitFor(
  lock: HeldLock,
  { emit }: SolveEnvironment,
  { digest: id }: Vertex,
  signal: AbortSignal,
): Promise<void> {
  const text = "waiting for another build that runs this step\n";
  const tell = () => emit({ kind: "vertex-log", id, timeMs: Date.now(), stream: 2, text });
  const timer = setTimeout(tell, shortWaitMs);
  try {
    for (let waitMs = 10; !(await lock.take()); waitMs = Math.min(waitMs * 2, 100)) {
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  } finally {
    clearTimeout(timer);
  }
}
