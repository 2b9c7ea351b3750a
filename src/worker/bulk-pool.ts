import { availableParallelism } from "node:os";
import type { Worker as Thread } from "node:worker_threads";
import type { Store } from "../content/index.ts";
import { BriefWork } from "./brief-work.ts";
import type { BulkApi } from "./bulk-requests.ts";
import { type BulkReply, type BulkRequest, fromErrorData } from "./messages.ts";
import type { WorkerSetup } from "./worker-setup.ts";
import { endThread, startThread } from "./start-thread.ts";
import { WorkerError } from "./worker-error.ts";

interface Task {
  readonly method: keyof BulkApi;
  readonly request: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Threads for bulk work, each with one request at a time; started when one is needed, and kept. A thread costs about 60 ms to
 * start: see `prepare`. Until there is one, this thread does itself what takes less. */
export class BulkPool {
  readonly #setup: WorkerSetup;
  readonly #brief: BriefWork;
  readonly #limit = Math.min(Math.max(availableParallelism(), 2), 4);
  readonly #idle: Thread[] = [];
  readonly #waiting: Task[] = [];
  readonly #running = new Map<Thread, Task>();
  /** Threads that get nothing more to do. */
  readonly #ending = new Set<Thread>();
  /** The one method that is still carried out, once the others were stopped. */
  #onlyMethod: keyof BulkApi | undefined;

  constructor(setup: WorkerSetup, store: Store) {
    this.#setup = setup;
    this.#brief = new BriefWork(setup, store);
  }

  /** Starts the first thread, so that the first call need not wait for it. */
  prepare(): void {
    if (!this.#hasThreads) this.#idle.push(this.#start());
  }

  call(method: keyof BulkApi, request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const task = { method, request, resolve, reject };
      if (this.#isStopped(task)) return reject(stopped(task));
      if (!this.#hasThreads && this.#brief.isBrief(method, request))
        return resolve(this.#brief.call(method, request));
      this.#waiting.push(task);
      this.#next();
    });
  }

  /** Ends whatever runs or waits, and whatever is asked for later, but for calls of one method, which are answered as before. */
  async stop(exceptFor: keyof BulkApi): Promise<void> {
    this.#onlyMethod = exceptFor;
    const isStopped = (task: Task) => this.#isStopped(task);
    for (const task of this.#waiting.filter(isStopped)) task.reject(stopped(task));
    this.#waiting.splice(0, Infinity, ...this.#waiting.filter((task) => !isStopped(task)));
    await this.#brief.done();
    const running = [...this.#running].filter(([, task]) => isStopped(task));
    for (const [thread] of running) this.#ending.add(thread);
    await Promise.all(running.map(([thread]) => endThread(thread)));
    for (const [thread, task] of running) {
      this.#take(thread);
      task.reject(stopped(task));
    }
    this.#next();
  }

  get #hasThreads(): boolean {
    return this.#idle.length + this.#running.size > 0;
  }

  #isStopped({ method }: Task): boolean {
    return this.#onlyMethod !== undefined && method !== this.#onlyMethod;
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const thread = this.#idle.pop() ?? (this.#running.size < this.#limit ? this.#start() : undefined);
    if (!thread) return;
    const task = this.#waiting.shift()!;
    this.#running.set(thread, task);
    thread.postMessage({ method: task.method, request: task.request } satisfies BulkRequest);
  }

  #start(): Thread {
    const thread = startThread({ kind: "bulk", setup: this.#setup });
    thread.on("message", (reply: BulkReply) => {
      const task = this.#take(thread);
      if (!this.#ending.has(thread)) this.#idle.push(thread);
      if (reply.kind === "error") task?.reject(fromErrorData(reply.error));
      else task?.resolve(reply.value);
      this.#next();
    });
    thread.on("error", (error) => {
      const idle = this.#idle.indexOf(thread);
      if (idle >= 0) this.#idle.splice(idle, 1);
      this.#take(thread)?.reject(error);
      this.#next();
    });
    return thread;
  }

  #take(thread: Thread): Task | undefined {
    const task = this.#running.get(thread);
    this.#running.delete(thread);
    return task;
  }
}

function stopped({ method }: Task): WorkerError {
  return new WorkerError("CANCELLED", `${method} was stopped: the worker ends`);
}
