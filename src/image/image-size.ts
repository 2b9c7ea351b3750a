import type { Store } from "../content/index.ts";
import type { ImageLayer, IndexRecord, StoredRecord } from "./image-record.ts";
import { imagesOf, isIndex } from "./select-image.ts";
import { unpackedLayer } from "./unpacked-layer.ts";

/** Tells how many bytes images take. */
export class ImageSizes {
  readonly #store: Store;

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
    const unpacked = unpackedLayer(this.#store, layer.diffID);
    const meta = unpacked === undefined ? undefined : this.#store.layers.readMeta(unpacked);
    return meta?.sizeBytes ?? layer.blob.size;
  }
}

/** Platforms share layers. */
function distinctLayers(record: IndexRecord): readonly ImageLayer[] {
  const keyOf = (layer: ImageLayer) => (layer.kind === "directory" ? layer.layer : layer.diffID);
  const layers = imagesOf(record).flatMap((image) => image.layers);
  return [...new Map(layers.map((layer) => [keyOf(layer), layer])).values()];
}
