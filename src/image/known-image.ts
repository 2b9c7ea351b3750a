import type { Store } from "../content/index.ts";
import { type Digest, digestOf, type DiffID, type LayerCompression } from "../oci/index.ts";
import { type AssembledImage, type AssembledLayer, toAssembledImage, toConfigBytes } from "./assemble.ts";
import { type AssembledIndex, toAssembledIndex } from "./assemble-index.ts";
import type { ImageLayer, ImageRecord, IndexRecord, StoredRecord } from "./image-record.ts";
import { findBlob } from "./layer-packer.ts";
import { isIndex } from "./select-image.ts";

/** The digest of the image's config (docker's image id), if every layer's diffID is known. Nothing is hashed but the config. */
export function knownConfigDigest(store: Store, record: ImageRecord): Digest | undefined {
  if (record.origin) return record.origin.config.digest;
  const diffIDs = record.layers.map((layer) => knownDiffID(store, layer));
  const isKnown = diffIDs.every((diffID) => diffID !== undefined);
  return isKnown ? digestOf(toConfigBytes(record, diffIDs)) : undefined;
}

/** What a user knows the image by, if it is known: the digest of the config, or of the index. */
export function knownImageId(store: Store, record: StoredRecord): Digest | undefined {
  if (!isIndex(record)) return knownConfigDigest(store, record);
  return record.origin?.digest ?? knownIndex(store, record)?.descriptor.digest;
}

/** What assembling an index gives, if the layers of all its images have been packed in this form. */
export function knownIndex(
  store: Store,
  record: IndexRecord,
  compression: LayerCompression = "gzip",
): AssembledIndex | undefined {
  const manifests = record.images.map(({ platform, image }) => {
    const manifest = image.origin?.manifest ?? knownAssembly(store, image, compression)?.manifest;
    return manifest && { platform, manifest };
  });
  return manifests.every((each) => each !== undefined) ? toAssembledIndex(manifests) : undefined;
}

/** What assembling a built image gives, if its layers have been packed in this form; otherwise undefined. */
export function knownAssembly(
  store: Store,
  record: ImageRecord,
  compression: LayerCompression = "gzip",
): AssembledImage | undefined {
  const layers = record.layers.map((layer) => knownLayer(store, layer, compression));
  return layers.every((layer) => layer !== undefined) ? toAssembledImage(record, layers) : undefined;
}

function knownDiffID(store: Store, layer: ImageLayer): DiffID | undefined {
  return layer.kind === "blob" ? layer.diffID : store.layers.readPack(layer.layer, layer.times)?.diffID;
}

function knownLayer(
  store: Store,
  layer: ImageLayer,
  compression: LayerCompression,
): AssembledLayer | undefined {
  if (layer.kind === "blob") return layer;
  const pack = store.layers.readPack(layer.layer, layer.times);
  const blob = pack && findBlob(store, pack, { compression });
  return pack && blob && { diffID: pack.diffID, blob };
}
