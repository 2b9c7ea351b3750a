import { removeTree } from "../sys/index.ts";
import type { Environment } from "./environment.ts";
import type { WorkerApi, WorkerLog } from "./protocol.ts";
import { runStep } from "./run-step.ts";
import { WorkerError } from "./worker-error.ts";

/** Dispatches requests. `run`s wait for their process here. */
export function handlers(
  environment: Environment,
  log: (log: WorkerLog) => Promise<void>,
): (method: keyof WorkerApi, request: unknown) => Promise<unknown> {
  const running = new Map<string, AbortController>();

  async function cancellable<Value>(
    runId: string,
    run: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const controller = new AbortController();
    running.set(runId, controller);
    try {
      return await run(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      throw new WorkerError("CANCELLED", "The step was cancelled", { cause: error });
    } finally {
      running.delete(runId);
    }
  }

  const api: Partial<WorkerApi> = {
    run: (request) =>
      cancellable(request.runId, (signal) =>
        runStep(environment, request, {
          signal,
          onOutput: (stream, data) => log({ runId: request.runId, stream, data }),
        }),
      ),
    runAttached: (request) =>
      cancellable(request.runId, async (signal) => {
        const { output: _, ...unkept } = request;
        const { tty, binds } = request;
        return { exitCode: (await runStep(environment, unkept, { signal, tty, binds })).exitCode };
      }),
    cancel: async ({ runId }) => running.get(runId)?.abort(),
    remove: async ({ layers, paths }) => {
      for (const layer of layers) removeTree(environment.store.layers.dirOf(layer));
      for (const file of paths) removeTree(file);
    },
  };
  return async (method, request) => {
    const handler = api[method] as ((request: unknown) => Promise<unknown>) | undefined;
    if (!handler) throw new Error(`Internal error: the worker does not know "${method}" yet`);
    return await handler(request);
  };
}
