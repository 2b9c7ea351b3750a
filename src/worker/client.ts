import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Launched, launch } from "./launch.ts";
import { fromErrorData, type ReplyMessage, type RequestMessage } from "./messages.ts";
import type { WorkerApi, WorkerLog } from "./protocol.ts";
import { explainRefusal } from "./refusal.ts";
import { WorkerError } from "./worker-error.ts";
import type { FirstWork, WorkerSetup } from "./worker-setup.ts";

export interface StartWorkerOptions {
  /** Absolute root of an opened store. */
  readonly storeRoot: string;
  /** `store.temp.owner`. */
  readonly owner: string;
  /** Output of running processes, as it comes. */
  readonly onLog?: (log: WorkerLog) => void;
  /** Kills the worker and everything it runs. */
  readonly signal?: AbortSignal;
  /** `crun`, `runc` or a path; default `SLIPWAY_RUNTIME`, then what is installed. */
  readonly runtime?: string;
  /** For `runAttached`: the worker gets this process's stdin, stdout, stderr and terminal. */
  readonly attached?: boolean;
  /** What it is to make ready for at once; default `files`. */
  readonly firstWork?: FirstWork | undefined;
  /** Default: `worker.cjs` beside the bundle of this code. */
  readonly workerFile?: string;
}

/** A running worker. `await using` ends it; so does the end of this process, however it ends. */
export interface Worker extends WorkerApi, AsyncDisposable {
  /** One line: how containers run here. */
  readonly runMode: string;
}

/** Starts the child process that does all tree work (about 100 ms). Calls may overlap; each answers for itself.
 * @throws {WorkerError} `WORKER_UNAVAILABLE`, or what the worker failed with at its start
 * @throws the signal's reason */
export async function startWorker(options: StartWorkerOptions): Promise<Worker> {
  options.signal?.throwIfAborted();
  const setup: WorkerSetup = {
    storeRoot: options.storeRoot,
    owner: options.owner,
    part: `worker-${randomBytes(3).toString("hex")}`,
    userNamespace: process.getuid?.() !== 0,
    runtime: options.runtime ?? process.env["SLIPWAY_RUNTIME"],
    firstWork: options.firstWork ?? "files",
  };
  const launched = await launch({
    command: [process.execPath, options.workerFile ?? workerFile(), JSON.stringify(setup)],
    attached: options.attached ?? false,
    userNamespace: setup.userNamespace,
  });
  const client = new WorkerClient(launched, options);
  const end = async () => {
    await client.end();
    await removeLeft(path.join(options.storeRoot, "tmp", setup.owner, setup.part));
  };
  try {
    const runMode = await client.ready;
    return Object.assign(api(client), { runMode, [Symbol.asyncDispose]: end });
  } catch (error) {
    await end();
    throw error;
  }
}

/** A worker that was killed, as by Ctrl-C, could remove nothing itself. */
async function removeLeft(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const { removeLeftovers } = await import("./leftovers.ts");
  removeLeftovers(directory);
}

function workerFile(): string {
  const candidates = ["./worker.cjs", "../worker.cjs"].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  const found = candidates.find((file) => existsSync(file));
  if (!found) throw new Error(`Internal error: no worker.cjs beside ${import.meta.url}`);
  return found;
}

const METHODS = {
  unpackLayer: true,
  importTar: true,
  run: true,
  runAttached: true,
  cancel: true,
  exec: true,
  signal: true,
  applyFileActions: true,
  digestSources: true,
  packLayer: true,
  compressAnew: true,
  findBytes: true,
  listPackages: true,
  exportTree: true,
  hashFiles: true,
  compareLayers: true,
  remove: true,
  listTree: true,
  diffTrees: true,
  mountChanges: true,
  measure: true,
  emptyMounts: true,
  tryLock: true,
  unlock: true,
  runOnce: true,
  applyFileActionsOnce: true,
  packCacheMount: true,
  restoreCacheMount: true,
  readTextFile: true,
  settle: true,
} satisfies Record<keyof WorkerApi, true>;

function api(client: WorkerClient): WorkerApi {
  const call = (method: keyof WorkerApi) => (request: unknown) => client.call(method, request);
  const methods = Object.keys(METHODS).map((method) => [method, call(method as keyof WorkerApi)]);
  return Object.fromEntries(methods) as WorkerApi;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class WorkerClient {
  readonly ready: Promise<string>;
  readonly #child: ChildProcess;
  readonly #options: StartWorkerOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #onReady: Waiting | undefined;
  #nextId = 1;
  #stderr = "";
  #gone: Error | undefined;

  constructor({ child, ended }: Launched, options: StartWorkerOptions) {
    this.#child = child;
    this.#options = options;
    this.ready = new Promise<string>((resolve, reject) => {
      this.#onReady = { resolve: resolve as (value: unknown) => void, reject };
    });
    this.#exited = ended.then((error) => this.#onGone(error));
    child.on("message", (message) => this.#onMessage(message as ReplyMessage));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4096);
    });
    options.signal?.addEventListener("abort", this.#kill, { once: true });
    if (options.signal?.aborted) this.#kill();
  }

  call(method: keyof WorkerApi, request: unknown): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ kind: "call", id, method, request });
    });
  }

  /** Lets the worker clean up, sync and end; kills it when that takes longer than 5 seconds. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.#abandon(), 5000);
    this.#send({ kind: "end" });
    await this.#exited;
    clearTimeout(timer);
  }

  /** A process that waits for a slow disk ends only afterwards, so nothing of it is waited for. */
  #abandon(): void {
    this.#kill();
    this.#child.stderr?.destroy();
    if (this.#child.connected) this.#child.disconnect();
  }

  readonly #kill = (): void => {
    this.#child.kill("SIGKILL");
  };

  /** A message that can no longer be sent needs no report: the exit that follows rejects every call. */
  #send(message: RequestMessage): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #onMessage(message: ReplyMessage): void {
    switch (message.kind) {
      case "ready":
        return this.#onReady?.resolve(message.runMode);
      case "failed":
        return this.#onReady?.reject(fromErrorData(message.error));
      case "log":
        return this.#options.onLog?.(message.log);
      case "result":
        return this.#take(message.id)?.resolve(message.value);
      case "error":
        return this.#take(message.id)?.reject(fromErrorData(message.error));
      default:
        throw new Error(`Internal error: unknown message ${JSON.stringify(message satisfies never)}`);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #onGone(cause: Error | undefined): void {
    this.#options.signal?.removeEventListener("abort", this.#kill);
    const aborted = this.#options.signal?.aborted ? (this.#options.signal.reason as Error) : undefined;
    const { exitCode, signalCode } = this.#child;
    this.#gone ??=
      aborted ??
      explainRefusal(cause, this.#stderr) ??
      new WorkerError(
        "WORKER_ENDED",
        `The worker ended unexpectedly (${signalCode ?? exitCode}): ${this.#stderr}`,
      );
    this.#onReady?.reject(this.#gone);
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
  }
}
