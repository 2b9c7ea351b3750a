import { execInContainer, type SendSignal, type StartedContainer } from "../executor/index.ts";
import type { BulkPool } from "./bulk-pool.ts";
import { BULK_METHODS, type BulkApi } from "./bulk-requests.ts";
import { ComingLayers } from "./coming-layers.ts";
import type { Environment } from "./environment.ts";
import type { Once, RunRequest, RunResult, WorkerApi, WorkerLog } from "./protocol.ts";
import { readTextFile } from "./read-text-file.ts";
import { BaseMissing, runStep, type StepOptions, type StepOrder } from "./run-step.ts";
import { WorkerError } from "./worker-error.ts";

/** Dispatches requests. `run`s wait for their process here. */
export function handlers(
  environment: Environment,
  log: (log: WorkerLog) => Promise<void>,
): (method: keyof WorkerApi, request: unknown) => Promise<unknown> {
  const running = new Map<string, Running>();

  async function cancellable<Value>(
    runId: string,
    run: (options: RunningOptions) => Promise<Value>,
  ): Promise<Value> {
    const own = new Running();
    running.set(runId, own);
    try {
      return await run(own.options);
    } catch (error) {
      if (!own.options.signal.aborted) throw error;
      throw new WorkerError("CANCELLED", "The step was cancelled", { cause: error });
    } finally {
      if (running.get(runId) === own) running.delete(runId); // a request that became void may end after the next one has come
    }
  }

  async function once<Value>(lock: string, work: () => Promise<Value>): Promise<Once<Value>> {
    if (!environment.locks.tryTake(lock)) return { outcome: "locked" };
    if (environment.store.cache.get(lock) !== undefined) return { outcome: "recorded" };
    return { outcome: "done", result: await work() };
  }

  const run = (request: RunRequest, order: StepOrder = {}) =>
    cancellable(request.runId, (options) =>
      runStep(environment, request, {
        ...options,
        ...order,
        onOutput: (stream, data) => log({ runId: request.runId, stream, data }),
      }),
    );
  const coming = new ComingLayers((layer) => environment.store.layers.has(layer));

  async function runOnce({ lock, after, ...request }: RunOnceRequest): Promise<Once<RunResult>> {
    using output = coming.announce(request.output);
    const base = after === undefined ? undefined : coming.get(after);
    try {
      return await once(lock, () => run(request, { base, onMade: output.made }));
    } catch (error) {
      if (!(error instanceof BaseMissing)) throw error;
      environment.locks.free(lock);
      return { outcome: "baseless" };
    }
  }

  const bulk = bulkMethods(environment.bulk);
  const api: WorkerApi = {
    run,
    runOnce,
    applyFileActionsOnce: ({ lock, ...request }) => once(lock, () => bulk.applyFileActions(request)),
    runAttached: (request) =>
      cancellable(request.runId, async (options) => {
        const { output: _, tty, stdin = true, ...unkept } = request;
        return { exitCode: (await runStep(environment, unkept, { ...options, tty, stdin })).exitCode };
      }),
    cancel: async ({ runId }) => running.get(runId)?.cancel(),
    exec: async ({ runId, ...command }) => {
      const container = running.get(runId)?.container;
      if (!container) throw new WorkerError("NOT_RUNNING", "The container does not run");
      return await execInContainer(container, command);
    },
    signal: async ({ runId, signal }) => running.get(runId)?.send(signal),
    readTextFile: async ({ lowers, path, limitBytes }) => {
      const directories = lowers.map((layer) => environment.store.layers.fsOf(layer));
      return { text: readTextFile(directories, path, limitBytes) };
    },
    tryLock: async ({ name }) => ({ isTaken: environment.locks.tryTake(name) }),
    settle: async () => {
      void environment.layerSync.run();
      environment.rubbish.removeSmall();
    },
    unlock: async ({ name }) => environment.locks.free(name),
    ...bulk,
  };
  return async (method, request) => {
    const handler = api[method] as ((request: unknown) => Promise<unknown>) | undefined;
    if (!handler) throw new Error(`Internal error: unknown request ${JSON.stringify(method)}`);
    return await handler(request);
  };
}

type RunOnceRequest = Parameters<WorkerApi["runOnce"]>[0];
type RunningOptions = Required<Pick<StepOptions, "signal" | "onSignaller" | "onStarted">>;

/** A process that runs, or is about to. */
class Running {
  readonly options: RunningOptions;
  container: StartedContainer | undefined;
  readonly #controller = new AbortController();
  /** Signals that came before there was a process. */
  readonly #early: NodeJS.Signals[] = [];
  #send: SendSignal = (signal) => void this.#early.push(signal);

  constructor() {
    this.options = {
      signal: this.#controller.signal,
      onSignaller: (send) => this.#connect(send),
      onStarted: (container) => (this.container = container),
    };
  }

  cancel(): void {
    this.#controller.abort();
  }

  send(signal: NodeJS.Signals): void {
    this.#send(signal);
  }

  #connect(send: SendSignal): void {
    this.#send = send;
    for (const signal of this.#early.splice(0)) send(signal);
  }
}

function bulkMethods(bulk: BulkPool): Pick<WorkerApi, (typeof BULK_METHODS)[number]> {
  const forward = (method: keyof BulkApi) => (request: unknown) => bulk.call(method, request);
  const methods = BULK_METHODS.map((method) => [method, forward(method)] as const);
  return Object.fromEntries(methods) as unknown as Pick<WorkerApi, (typeof BULK_METHODS)[number]>;
}
