import type { Store } from "../content/index.ts";
import { type Digest, digestOf, type DiffID } from "../oci/index.ts";
import { type AssembledImage, type AssembledLayer, toAssembledImage, toConfigBytes } from "./assemble.ts";
import {
  type AssembledAttestations,
  type AttestedImage,
  describeAttestations,
} from "./assemble-attestations.ts";
import {
  type AssembledIndex,
  indexedAttestations,
  keptAttestations,
  toAssembledIndex,
} from "./assemble-index.ts";
import type { ImageLayer, ImageRecord, IndexRecord, StoredRecord } from "./image-record.ts";
import { extendsTars, isCompressedAnew, layerFormOf } from "./layer-form.ts";
import { findBlob, findForm } from "./layer-packer.ts";
import { isIndex } from "./select-image.ts";

/** The digest of the image's config (docker's image id), if every layer's diffID is known. Nothing is hashed but the config. */
export function knownConfigDigest(store: Store, record: ImageRecord): Digest | undefined {
  if (record.origin) return record.origin.config.digest;
  const diffIDs = knownDiffIDs(store, record);
  const isKnown = diffIDs.every((diffID) => diffID !== undefined);
  return isKnown ? digestOf(toConfigBytes(record, diffIDs)) : undefined;
}

/** Of each layer of the image, bottom first, where it is known. */
export function knownDiffIDs(store: Store, record: ImageRecord): readonly (DiffID | undefined)[] {
  if (extendsTars(record)) return record.layers.map((layer) => knownLayer(store, layer, record)?.diffID);
  return record.layers.map((layer) => knownDiffID(store, layer));
}

/** What a user knows the image by, if it is known: the digest of the config, or of the index. */
export function knownImageId(store: Store, record: StoredRecord): Digest | undefined {
  if (!isIndex(record)) return knownConfigDigest(store, record);
  return record.origin?.digest ?? knownIndex(store, record)?.descriptor.digest;
}

/** What assembling an index gives, if the layers of all its images have been packed. */
export function knownIndex(store: Store, record: IndexRecord): AssembledIndex | undefined {
  const manifests = record.images.map(({ platform, image }) => {
    const known = image.origin
      ? { manifest: image.origin.manifest, layers: [] }
      : knownAssembly(store, image);
    return known && { platform, ...known };
  });
  if (!manifests.every((each) => each !== undefined)) return undefined;
  const attestations = manifests.map((manifest, position) =>
    knownAttestations(store, manifest, record.images[position]!.image),
  );
  if (attestations.some((each) => each === undefined)) return undefined;
  const made = attestations.flatMap((each) => each ?? []);
  return toAssembledIndex(manifests, [...made, ...keptAttestations(store, record, manifests)], record);
}

/** None, or one; undefined when a predicate is gone. */
function knownAttestations(
  store: Store,
  attested: AttestedImage,
  image: ImageRecord,
): readonly AssembledAttestations[] | undefined {
  const indexed = indexedAttestations(image);
  if (!indexed) return [];
  const isHere = indexed.predicates.every(({ digest }) => store.content.has(digest));
  return isHere ? [describeAttestations(store, attested, indexed)] : undefined;
}

/** What assembling a built image gives, if its layers have been packed; otherwise undefined. */
export function knownAssembly(store: Store, record: ImageRecord): AssembledImage | undefined {
  const layers = record.layers.map((layer) => knownLayer(store, layer, record));
  return layers.every((layer) => layer !== undefined) ? toAssembledImage(record, layers) : undefined;
}

function knownDiffID(store: Store, layer: ImageLayer): DiffID | undefined {
  return layer.kind === "blob" ? layer.diffID : store.layers.readPack(layer.layer, layer.times)?.diffID;
}

function knownLayer(store: Store, layer: ImageLayer, record: ImageRecord): AssembledLayer | undefined {
  const form = layerFormOf(record);
  if (layer.kind === "blob")
    return isCompressedAnew(record, layer.blob) ? findForm(store, layer, form) : layer;
  const pack = store.layers.readPack(layer.layer, layer.times);
  return pack && findBlob(store, pack, form);
}
