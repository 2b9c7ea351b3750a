import type { BulkPool } from "./bulk-pool.ts";
import type { BulkApi } from "./bulk-requests.ts";
import type { Environment } from "./environment.ts";
import type { WorkerApi, WorkerLog } from "./protocol.ts";
import { runStep } from "./run-step.ts";
import { WorkerError } from "./worker-error.ts";

/** Dispatches requests. `run`s wait for their process here. */
export function handlers(
  environment: Environment,
  bulk: BulkPool,
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
    ...bulkMethods(bulk),
  };
  return async (method, request) => {
    const handler = api[method] as ((request: unknown) => Promise<unknown>) | undefined;
    if (!handler) throw new Error(`Internal error: the worker does not know "${method}" yet`);
    return await handler(request);
  };
}

function bulkMethods(bulk: BulkPool): BulkApi {
  const forward = (method: keyof BulkApi) => (request: unknown) => bulk.call(method, request);
  const methods = ["unpackLayer", "importTar", "remove"] as const satisfies (keyof BulkApi)[];
  return Object.fromEntries(methods.map((method) => [method, forward(method)])) as unknown as BulkApi;
}
