import { type LayerId, newLayerId, type CacheKey } from "../../content/index.ts";
import type { Once, RunRequest, RunResult } from "../../worker/index.ts";
import type { SolveEnvironment } from "./step-context.ts";

/** A RUN that the worker makes ready while the step before it runs, and starts when that one has ended well. It becomes a step of the build
 * when its turn comes: until then nothing of it is told. */
export interface BegunRun {
  readonly key: CacheKey;
  readonly layer: LayerId;
  readonly result: Promise<Once<RunResult>>;
}

export interface BegunRunOptions {
  readonly key: CacheKey;
  /** The layer that the running step is to make. */
  readonly after: LayerId;
  readonly request: (layer: LayerId) => Promise<RunRequest>;
  readonly signal: AbortSignal;
}

/** @returns undefined when it cannot begin, for a reason that it will tell in its own turn */
export async function beginRun(
  environment: SolveEnvironment,
  { key, after, request, signal }: BegunRunOptions,
): Promise<BegunRun | undefined> {
  try {
    const layer = newLayerId();
    const made = await request(layer);
    const { runId } = made;
    const running = await environment.worker("step");
    if (signal.aborted) return undefined;
    environment.holdLog(runId);
    const result = running.runOnce({ ...made, lock: key, after });
    const cancel = () => void running.cancel({ runId }).catch(() => {}); // it is gone: then so is the process
    signal.addEventListener("abort", cancel);
    result.catch(() => {}).finally(() => signal.removeEventListener("abort", cancel));
    return { key, layer, result };
  } catch {
    return undefined;
  }
}
