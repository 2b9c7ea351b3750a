import type { LayerId, Store } from "../content/index.ts";
import type { DiffID } from "../oci/index.ts";
import type { ImageLayer, ImageRecord } from "./image-record.ts";

/** Tells how many bytes images take. Reads the layers' metadata once, when first asked. */
export class ImageSizes {
  readonly #store: Store;
  #byDiffID: ReadonlyMap<DiffID, LayerId> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Sum of the files of all layers, each layer by itself; of a layer that was not unpacked yet, the blob. */
  sizeOf(record: ImageRecord): number {
    return record.layers.reduce((sum, layer) => sum + this.layerSize(layer), 0);
  }

  layerSize(layer: ImageLayer): number {
    if (layer.kind === "directory") return this.#store.layers.readMeta(layer.layer)?.sizeBytes ?? 0;
    const unpacked = this.#layersByDiffID().get(layer.diffID);
    const meta = unpacked === undefined ? undefined : this.#store.layers.readMeta(unpacked);
    return meta?.sizeBytes ?? layer.blob.size;
  }

  #layersByDiffID(): ReadonlyMap<DiffID, LayerId> {
    this.#byDiffID ??= new Map(
      this.#store.layers.list().flatMap((layer) => {
        const pack = this.#store.layers.readPack(layer);
        return pack ? [[pack.diffID, layer] as const] : [];
      }),
    );
    return this.#byDiffID;
  }
}
