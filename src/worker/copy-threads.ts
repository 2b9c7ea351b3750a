import { availableParallelism } from "node:os";
import { parentPort } from "node:worker_threads";
import { type CopiedBatch, type CopyBatch, copyFromDirectory, type CopyHelpers } from "../snapshot/index.ts";
import { type CopyReply, fromErrorData, toErrorData } from "./messages.ts";
import { endThread, serveThread, startThread } from "./start-thread.ts";

/** Threads that help one other thread to copy: most of it is the kernel's work, which goes on in several directories at once. They
 * are started when a copy turns out to be a long one (each takes 50 ms, beside everything else), and kept. */
export class CopyThreads implements CopyHelpers {
  readonly #count = Math.min(availableParallelism() - 1, 3);
  #asked = 0;
  #threads: readonly CopyThread[] = [];

  isOneFree(): boolean {
    if (++this.#asked === WORTH_IT)
      this.#threads = Array.from({ length: this.#count }, () => new CopyThread());
    return this.#threads.some(({ isFree }) => isFree);
  }

  /** Ends the threads. What they have not copied yet is never told of. */
  async end(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  copy(batch: CopyBatch): Promise<CopiedBatch> {
    const thread = this.#threads.find(({ isFree }) => isFree);
    if (!thread) throw new Error("Internal error: no thread is free to copy");
    return thread.copy(batch);
  }
}

/** Batches without which no thread is started. */
const WORTH_IT = 4;

interface Waiting {
  readonly resolve: (copied: CopiedBatch) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch in work and some behind it, so that it has something to do until the next one comes. */
const ENOUGH = 3;

class CopyThread {
  readonly #thread = startThread({ kind: "copy" });
  readonly #waiting: Waiting[] = [];
  #isThere = false;

  constructor() {
    this.#thread.on("message", (reply: CopyReply) => this.#onReply(reply));
    this.#thread.on("error", (error) => {
      this.#isThere = false;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  get isFree(): boolean {
    return this.#isThere && this.#waiting.length < ENOUGH;
  }

  copy(batch: CopyBatch): Promise<CopiedBatch> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#thread.postMessage(batch);
    });
  }

  end(): Promise<void> {
    return endThread(this.#thread);
  }

  #onReply(reply: CopyReply): void {
    if (reply.kind === "ready") {
      this.#isThere = true;
      return;
    }
    const waiting = this.#waiting.shift();
    if (reply.kind === "error") waiting?.reject(fromErrorData(reply.error));
    else waiting?.resolve(reply.value);
  }
}

/** Body of such a thread. */
export function serveCopies(): void {
  const send = (reply: CopyReply) => parentPort!.postMessage(reply);
  serveThread((batch: CopyBatch) => {
    try {
      send({ kind: "result", value: copyFromDirectory(batch) });
    } catch (error) {
      send({ kind: "error", error: toErrorData(error) });
    }
  });
  send({ kind: "ready" });
}
