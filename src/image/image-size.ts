import type { LayerId, Store } from "../content/index.ts";
import type { DiffID } from "../oci/index.ts";
import type { ImageLayer, IndexRecord, StoredRecord } from "./image-record.ts";
import { imagesOf, isIndex } from "./select-image.ts";

/** Tells how many bytes images take. Reads the layers' metadata once, when first asked. */
export class ImageSizes {
  readonly #store: Store;
  #byDiffID: ReadonlyMap<DiffID, LayerId> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Sum of the files of all layers, each layer by itself, of all platforms; of a layer that was not unpacked yet, the blob. */
  sizeOf(record: StoredRecord): number {
    const layers = isIndex(record) ? distinctLayers(record) : record.layers;
    return layers.reduce((sum, layer) => sum + this.layerSize(layer), 0);
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

/** Platforms share layers. */
function distinctLayers(record: IndexRecord): readonly ImageLayer[] {
  const keyOf = (layer: ImageLayer) => (layer.kind === "directory" ? layer.layer : layer.diffID);
  const layers = imagesOf(record).flatMap((image) => image.layers);
  return [...new Map(layers.map((layer) => [keyOf(layer), layer])).values()];
}
