import { newLayerId } from "../../content/index.ts";
import type { LayerId } from "../../content/index.ts";
import { ImageError, unpackedKey } from "../../image/index.ts";
import { type Descriptor, type DiffID, digestHex } from "../../oci/index.ts";
import { Semaphore, SingleFlight } from "../../util/index.ts";
import type { WorkerApi } from "../../worker/index.ts";
import type { Stack, StackLayer } from "../stack.ts";
import type { EmbeddedEngineOptions } from "./environment.ts";
import type { PullReporter } from "./pull-reporter.ts";
import type { StepRecords } from "./step-records.ts";

interface BlobLayer {
  readonly diffID: DiffID;
  readonly blob: Descriptor;
  /** Image it belongs to; undefined when the blob can only be in the store. */
  readonly reference: string | undefined;
}

/** Downloads at once, as docker does by default. */
const parallelDownloads = 3;

/** Turns stacks into layer directories: a layer that is known only by its blob is fetched and unpacked when a step first needs
 * it, all layers of a stack at the same time, each once. */
export class LayerDirectories {
  readonly #options: EmbeddedEngineOptions;
  readonly #records: StepRecords;
  readonly #reporter: PullReporter;
  readonly #worker: () => Promise<WorkerApi>;
  readonly #checked = new Set<LayerId>();
  /** What stacks were found to be. */
  readonly #ids = new WeakMap<Stack, readonly LayerId[]>();
  readonly #expected = new Set<LayerId>();
  readonly #unpacked = new Map<DiffID, LayerId>();
  readonly #flights = new SingleFlight<DiffID, LayerId>();
  readonly #downloads = new Semaphore(parallelDownloads);

  constructor(
    options: EmbeddedEngineOptions,
    helpers: { records: StepRecords; reporter: PullReporter; worker: () => Promise<WorkerApi> },
  ) {
    this.#options = options;
    this.#records = helpers.records;
    this.#reporter = helpers.reporter;
    this.#worker = helpers.worker;
  }

  /** Ids of the stack's directories, bottom first.
   * @throws {ImageError} `LAYER_MISSING` */
  async ensure(stack: Stack): Promise<readonly LayerId[]> {
    const known = this.#ids.get(stack);
    if (known) return known;
    const below = stack.below && this.#ids.get(stack.below);
    const above = below ? stack.layers.slice(-1) : stack.layers;
    const found = await Promise.all(above.map((layer) => this.#directoryOf(layer)));
    const ids = [...(below ?? []), ...found];
    this.#ids.set(stack, ids);
    return ids;
  }

  async #directoryOf({ layer, reference }: StackLayer): Promise<LayerId> {
    if (layer.kind === "directory") return this.#present(layer.layer);
    const { diffID, blob } = layer;
    return (
      this.#known(diffID) ??
      (await this.#flights.do(diffID, () => this.#makeOnce({ diffID, blob, reference })))
    );
  }

  /** Tells of the images that a step is about to stand on, when nothing of them is to be fetched. */
  reportImages(stack: Stack): void {
    const layers = stack.layers.filter(({ image }) => image !== undefined);
    if (!this.isHere({ layers })) return;
    for (const image of new Set(layers.flatMap((layer) => layer.image ?? []))) this.#reporter.here(image);
  }

  /** A layer that a running step is to make. */
  expect(layer: LayerId): void {
    this.#checked.add(layer);
    this.#expected.add(layer);
  }

  isExpected(layer: LayerId): boolean {
    return this.#expected.has(layer);
  }

  /** Is nothing of the stack to be fetched or unpacked? */
  isHere(stack: Stack): boolean {
    if (this.#ids.has(stack)) return true;
    const isBelowHere = stack.below !== undefined && this.#ids.has(stack.below);
    const above = isBelowHere ? stack.layers.slice(-1) : stack.layers;
    return above.every(({ layer }) => layer.kind === "directory" || this.#known(layer.diffID) !== undefined);
  }

  #present(layer: LayerId): LayerId {
    if (!this.#checked.has(layer) && !this.#options.store.layers.touch(layer)) {
      throw new ImageError("LAYER_MISSING", `Cannot use layer ${layer}: it is no longer in the store`, {
        hint: "build the image again",
      });
    }
    this.#checked.add(layer);
    return layer;
  }

  #known(diffID: DiffID): LayerId | undefined {
    const found = this.#unpacked.get(diffID) ?? this.#find(diffID);
    if (found !== undefined) this.#unpacked.set(diffID, found);
    return found;
  }

  #find(diffID: DiffID): LayerId | undefined {
    const found = this.#records.find(unpackedKey(diffID));
    return found?.layer.layer.kind === "directory" ? found.layer.layer.layer : undefined;
  }

  /** While another build fetches the layer, this one waits, and takes what that one made. */
  async #makeOnce(source: BlobLayer): Promise<LayerId> {
    const { diffID, blob, reference } = source;
    const worker = this.#worker();
    worker.catch(() => {}); // awaited below; a failed download must not leave it unhandled
    const { store, signal } = this.#options;
    return await this.#reporter.during(reference, blob, ({ progress, log }) => {
      const onWait = () => log("waiting for another build that fetches this image\n");
      const name = `layer-${digestHex(diffID)}`;
      return store.claims.during(name, { signal, onWait }, async () => {
        return this.#known(diffID) ?? (await this.#make(source, worker, progress));
      });
    });
  }

  async #make(
    { diffID, blob, reference }: BlobLayer,
    worker: Promise<WorkerApi>,
    progress: (bytes: number) => void,
  ): Promise<LayerId> {
    const layer = newLayerId();
    await this.fetch(blob, reference, progress);
    const { digest, mediaType } = blob;
    await (await worker).unpackLayer({ layer, blob: digest, mediaType, diffID });
    this.#records.put(unpackedKey(diffID), {
      layer,
      identity: diffID,
      createdAtMs: Date.now(),
      durationMs: 0,
      step: "unpack",
      parts: { diffID },
    });
    return layer;
  }

  /** Brings a blob into the content store. */
  async fetch(
    blob: Descriptor,
    reference: string | undefined,
    progress: (bytes: number) => void = () => {},
  ): Promise<void> {
    if (this.#options.store.content.touch(blob.digest)) return;
    if (reference === undefined) {
      throw new Error(`Internal error: blob ${blob.digest} is not in the store and has no origin`);
    }
    await this.#downloads.run(() => this.#options.fetchBlob(reference, blob, progress));
  }
}
