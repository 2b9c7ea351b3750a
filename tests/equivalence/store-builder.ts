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
import { type ImageRecord, ImageStore, type RecordId } from "../../src/image/index.ts";
import { startWorker, type Worker, type WorkerLog } from "../../src/worker/index.ts";

interface Listener {
  onLog: (log: WorkerLog) => void;
}

/** What a build made. */
export interface BuiltImage {
  readonly config: ImageRecord["config"];
  /** Absolute paths of its layers' files, bottom first. */
  readonly layers: readonly string[];
}

/** The name of the image that every Dockerfile begins with. */
const baseName = "docker.io/library/busybox:latest";

/** A store with a worker that lives as long as it: a build then costs no more than its steps. */
export class StoreBuilder implements AsyncDisposable {
  readonly store: Store;
  readonly #images: ImageStore;
  readonly #resultName: string;
  #bases: readonly RecordId[] = [];
  #worker: Worker;
  readonly #listener: Listener;

  private constructor(store: Store, worker: Worker, listener: Listener) {
    this.store = store;
    this.#images = new ImageStore(store);
    this.#resultName = `docker.io/library/result:${store.temp.owner}`;
    this.#worker = worker;
    this.#listener = listener;
  }

  /** @param bases tars of images that `busybox` may stand for */
  static async create(root: string, bases: readonly string[]): Promise<StoreBuilder> {
    const builder = await StoreBuilder.#open(openStore(root));
    await using steps = new StepEngine(builder.#environment());
    for (const [number, file] of bases.entries())
      builder.#bases = [...builder.#bases, await importImage(file, `base${number}`, { steps })];
    builder.useBase(0);
    return builder;
  }

  /** Another builder with the same store, as another process would be. */
  async beside(): Promise<StoreBuilder> {
    return await StoreBuilder.#open(openStore(this.store.root, { owner: `${this.store.temp.owner}-2` }));
  }

  static async #open(store: Store): Promise<StoreBuilder> {
    const listener = { onLog: (_log: WorkerLog): void => {} };
    return new StoreBuilder(store, await startFor(store, listener), listener);
  }

  /** The image, or what the build failed with. */
  async build(options: BuildOptions): Promise<BuiltImage | CodedError> {
    const environment = this.#environment();
    try {
      await build({ ...options, tags: [this.#resultName] }, environment);
      const record = this.#images.get(this.#resultName) as ImageRecord;
      this.#images.removeName(this.#resultName);
      await using steps = new StepEngine(environment);
      const layers = await steps.directoriesOf(record);
      return { config: record.config, layers: layers.map((layer) => this.store.layers.fsOf(layer)) };
    } catch (error) {
      if (error instanceof CodedError) return error;
      throw error;
    }
  }

  /** `busybox` is this image from now on. */
  useBase(number: number): void {
    this.#images.setName(baseName, this.#bases[number]!);
  }

  /** A worker is made for one build: it copies what is mounted of a context only once. */
  async renewWorker(): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
    this.#worker = await startFor(this.store, this.#listener);
  }

  /** Forgets every result, so that the next build begins as with an empty store. */
  async forget(): Promise<void> {
    await this.removeLayers(this.layers());
    const { cache, contexts, blobs } = this.store.paths;
    for (const directory of [cache, contexts, blobs]) {
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
    }
    for (const { names, recordId } of this.#images.listRecords())
      if (names.length === 0) this.#images.removeRecord(recordId);
  }

  /** Removes the layers of steps; those of the base images stay. */
  async removeLayers(layers: readonly string[]): Promise<void> {
    await this.#worker.remove({ layers, paths: [] });
  }

  /** Every layer but those of the base images. */
  layers(): readonly string[] {
    const bases = this.#images.listRecords().filter(({ names }) => names.length > 0);
    const kept = bases
      .flatMap(({ record }) => (record as ImageRecord).layers)
      .map((layer) => (layer.kind === "directory" ? layer.layer : ""));
    return readdirSync(this.store.paths.layers).filter((layer) => !kept.includes(layer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
  }

  #environment() {
    const signal = new AbortController().signal;
    return { store: this.store, emit: () => {}, signal, startWorker: this.#lendWorker };
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
