import { availableParallelism } from "node:os";
import type { Store } from "../content/index.ts";
import { openContext } from "../context/index.ts";
import {
  EmbeddedEngine,
  imageStack,
  type OpenedContext,
  type Stack,
  type StackLayer,
} from "../engine/index.ts";
import { type ImageRecord, LayerPacker } from "../image/index.ts";
import { type Descriptor, digestHex, parseReference } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { Session } from "../session/index.ts";
import type { RemoteSources } from "../source/index.ts";
import type { FirstWork, Worker, WorkerApi, WorkerLog } from "../worker/index.ts";
import { CacheSource, fetchFromLayout, isLayoutReference } from "./cache-source.ts";
import { ImageResolver } from "./image-resolver.ts";
import type { CacheLocation } from "./options.ts";
import type { StartWorker } from "./start-worker.ts";

export interface StepEngineOptions {
  readonly store: Store;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
  /** Ask registries for every image, even if the store has it. */
  readonly pull?: boolean;
  /** But for these. */
  readonly ownImages?: readonly string[];
  /** Registries that may have an unknown certificate or none, besides those of the configuration. */
  readonly insecureHosts?: readonly string[];
  /** Directories by context name; default none. */
  readonly localContexts?: ReadonlyMap<string, string>;
  /** Where results of other machines are looked for. */
  readonly cacheFrom?: readonly CacheLocation[];
  /** Lends tokens and agents to whatever is fetched; default none. */
  readonly session?: Pick<Session, "secret" | "sshAgent">;
  /** Lends a worker of the store; default: one is started for this engine, and ends with it. */
  readonly startWorker?: StartWorker;
  /** The worker gets this process's terminal, for `runAttached`. */
  readonly attached?: boolean;
}

/** The embedded engine with everything it is lent: images and blobs from registries, contexts, a worker. What is expensive to
 * load or to start is loaded and started when something first needs it. Dispose it to end the worker. */
export class StepEngine implements AsyncDisposable {
  readonly resolver: ImageResolver;
  readonly engine: EmbeddedEngine;
  readonly packer: LayerPacker;
  readonly store: Store;
  /** Ends whatever is done with the engine. */
  readonly signal: AbortSignal;
  /** Caches of other machines. */
  readonly cacheSources: readonly CacheSource[];
  readonly #options: StepEngineOptions;
  #registry: Promise<RegistryClient> | undefined;
  #remoteSources: Promise<RemoteSources> | undefined;

  constructor(options: StepEngineOptions) {
    this.#options = options;
    this.store = options.store;
    this.signal = options.signal;
    const { store, emit, signal, pull = false, ownImages = [] } = options;
    this.resolver = new ImageResolver({ store, emit, pull, ownImages, registry: () => this.registry() });
    this.packer = new LayerPacker(store, () => this.worker());
    this.cacheSources = (options.cacheFrom ?? []).map(
      (location) => new CacheSource(location, { store, emit, registry: () => this.registry() }),
    );
    this.engine = new EmbeddedEngine({
      store,
      emit,
      signal,
      imageOf: (source) => this.resolver.recordOf(source),
      fetchBlob: this.fetchBlob,
      openContext: (name, excludePatterns) => this.openContext(name, excludePatterns),
      resultSources: this.cacheSources,
      remoteSources: () => this.remoteSources(),
      startWorker: options.startWorker ?? ((onLog, firstWork) => this.#startWorker(onLog, firstWork)),
    });
  }

  /** @param firstWork what it is asked for, where it has to be started; default `files` */
  worker(firstWork?: FirstWork): Promise<WorkerApi> {
    return this.engine.worker(firstWork);
  }

  /** Brings a blob of an image into the content store, verified. */
  readonly fetchBlob = async (
    reference: string,
    blob: Descriptor,
    onProgress: (receivedBytes: number) => void = () => {},
  ): Promise<void> => {
    const { store, signal } = this.#options;
    const { content, claims } = store;
    if (isLayoutReference(reference)) return await fetchFromLayout(reference, blob, content);
    await claims.during(`blob-${digestHex(blob.digest)}`, { signal }, async () => {
      if (content.touch(blob.digest, blob.size)) return; // another process has brought it
      const registry = await this.registry();
      await registry.fetchBlob(parseReference(reference), blob, content, { onProgress });
    });
  };

  /** Files and repositories of the network, in this build's store. */
  remoteSources(): Promise<RemoteSources> {
    this.#remoteSources ??= (async () => {
      const { RemoteSources } = await import("../source/index.ts");
      const { store, emit, signal, session = noSession } = this.#options;
      return new RemoteSources({ store, session, signal, note: (text) => emit({ kind: "note", text }) });
    })();
    return this.#remoteSources;
  }

  /** Opens a local context of the build. */
  openContext(name: string, excludePatterns: readonly string[]): Promise<OpenedContext> {
    const directory = this.#options.localContexts?.get(name);
    if (directory === undefined) throw new Error(`Internal error: no directory for context "${name}"`);
    const { contexts, tmp } = this.#options.store.paths;
    const context = openContext(directory, { excludePatterns, indexDir: contexts, tmpDir: tmp });
    return Promise.resolve({ context, source: { root: context.root, excludePatterns } });
  }

  /** Layer directories of an image, bottom first; fetched and unpacked where they are not there. */
  async directoriesOf(record: ImageRecord): Promise<readonly string[]> {
    return await this.engine.directoriesOf(imageStack(record));
  }

  /** The stack with the layers of its steps as directories, which can be packed anew: a blob of another machine has its own times. */
  async withDirectories(stack: Stack): Promise<Stack> {
    const layers = stack.layers.map(async (found): Promise<StackLayer> => {
      if (found.layer.kind === "directory" || found.step === undefined) return found;
      const [layer] = await this.engine.directoriesOf({ layers: [found] });
      return { ...found, layer: { kind: "directory", layer: layer!, identity: found.identity } };
    });
    return { layers: await Promise.all(layers) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    const registry = await this.#registry?.catch(() => undefined);
    await registry?.[Symbol.asyncDispose]();
    const sources = await this.#remoteSources?.catch(() => undefined);
    await sources?.[Symbol.asyncDispose]();
    this.store.temp.close();
  }

  /** The registry client of this engine, made on the first call. */
  registry(): Promise<RegistryClient> {
    this.#registry ??= (async () => {
      const { openRegistryClient } = await import("../registry/index.ts");
      const { emit, signal, insecureHosts } = this.#options;
      return await openRegistryClient({
        insecureHosts,
        signal,
        note: (text) => emit({ kind: "note", text }),
      });
    })();
    return this.#registry;
  }

  async #startWorker(onLog: (log: WorkerLog) => void, firstWork: FirstWork): Promise<Worker> {
    const { store, signal, attached = false } = this.#options;
    const { keepFilter, startWorker } = await import("../worker/index.ts");
    const stale = store.temp.claimStale();
    const starting = startWorker({
      storeRoot: store.root,
      owner: store.temp.owner,
      onLog,
      firstWork,
      signal,
      attached,
    });
    if (firstWork === "step") keepFilter(store);
    const worker = await starting;
    if (stale.length > 0) await worker.remove({ layers: [], paths: stale });
    return worker;
  }
}

const noSession: Pick<Session, "secret" | "sshAgent"> = {
  secret: () => Promise.resolve(undefined),
  sshAgent: () => Promise.resolve(undefined),
};

/** Steps mostly wait: for the disk, the network, a process's start. */
export function defaultJobs(): number {
  return Math.max(8, availableParallelism() * 8);
}
