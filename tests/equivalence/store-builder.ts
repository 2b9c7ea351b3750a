import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import {
  build,
  type BuildOptions,
  importImage,
  type StartWorker,
  StepEngine,
} from "../../src/build/index.ts";
import { openStore, type Store } from "../../src/content/index.ts";
import { CodedError } from "../../src/errors/index.ts";
import { type ImageRecord, ImageStore } from "../../src/image/index.ts";
import { startWorker, type Worker, type WorkerLog } from "../../src/worker/index.ts";

interface Listener {
  onLog: (log: WorkerLog) => void;
}

/** A store with a worker that lives as long as it: a build then costs no more than its steps. */
export class StoreBuilder implements AsyncDisposable {
  readonly store: Store;
  #worker: Worker;
  readonly #listener: Listener;

  private constructor(store: Store, worker: Worker, listener: Listener) {
    this.store = store;
    this.#worker = worker;
    this.#listener = listener;
  }

  /** @param rootfs tar of the base image, which gets the name `busybox` */
  static async create(root: string, rootfs: string): Promise<StoreBuilder> {
    const store = openStore(root);
    const listener = { onLog: (_log: WorkerLog): void => {} };
    const builder = new StoreBuilder(store, await startFor(store, listener), listener);
    await using steps = new StepEngine({ ...builder.#environment(), startWorker: builder.#lendWorker });
    await importImage(rootfs, "busybox", { steps });
    return builder;
  }

  /** The image, or what the build failed with. */
  async build(options: BuildOptions): Promise<ImageRecord | CodedError> {
    try {
      const environment = { ...this.#environment(), startWorker: this.#lendWorker };
      const images = new ImageStore(this.store);
      const { recordId } = await build({ ...options, tags: ["result"] }, environment);
      const record = images.get("docker.io/library/result:latest") as ImageRecord;
      images.removeName("docker.io/library/result:latest");
      images.removeRecord(recordId!);
      return record;
    } catch (error) {
      if (error instanceof CodedError) return error;
      throw error;
    }
  }

  /** A worker is made for one build: it copies what is mounted of a context only once. */
  async renewWorker(): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
    this.#worker = await startFor(this.store, this.#listener);
  }

  /** Forgets every result, so that the next build begins as with an empty store. */
  async forget(): Promise<void> {
    await this.removeLayers(this.layers());
    for (const directory of [this.store.paths.cache, this.store.paths.contexts]) {
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
    }
  }

  /** Removes the layers of steps; those of the base image stay. */
  async removeLayers(layers: readonly string[]): Promise<void> {
    await this.#worker.remove({ layers, paths: [] });
  }

  /** Every layer but the base image's. */
  layers(): readonly string[] {
    const base = new ImageStore(this.store).get("docker.io/library/busybox:latest") as ImageRecord;
    const kept = base.layers.map((layer) => (layer.kind === "directory" ? layer.layer : ""));
    return readdirSync(this.store.paths.layers).filter((layer) => !kept.includes(layer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
  }

  #environment() {
    return { store: this.store, emit: () => {}, signal: new AbortController().signal };
  }

  readonly #lendWorker: StartWorker = async (onLog) => {
    this.#listener.onLog = onLog;
    return { ...this.#worker, [Symbol.asyncDispose]: () => Promise.resolve() };
  };
}

async function startFor(store: Store, listener: Listener): Promise<Worker> {
  return await startWorker({
    storeRoot: store.root,
    owner: store.temp.owner,
    workerFile: path.resolve("dist/worker.cjs"),
    onLog: (log) => listener.onLog(log),
  });
}
