import type { Store } from "../content/index.ts";
import { type Descriptor, type Digest, digestOf, parseImageConfig, parseManifest } from "../oci/index.ts";
import { type AssembledImage, type AssembledLayer, toAssembledImage, toConfigBytes } from "./assemble.ts";
import { ImageError } from "./image-error.ts";
import type { ImageLayer, ImageOrigin, ImageRecord } from "./image-record.ts";
import { extendsTars, isCompressedAnew, layerFormOf } from "./layer-form.ts";
import type { LayerPacker } from "./layer-packer.ts";
import { documentLimitBytes } from "./limits.ts";

/** Brings a blob into the content store that is not there yet. */
export type FetchBlob = (reference: string, blob: Descriptor) => Promise<void>;

export interface AssembleOptions {
  readonly packer: LayerPacker;
  /** For layers of a base image that no step needed; without it a missing blob is an error. */
  readonly fetchBlob?: FetchBlob;
  /** Blobs of base images that are not here may stay where they are. */
  readonly mayLackBlobs?: boolean;
}

/** The image's id: the digest of its config. Layers are hashed if need be, and no blob is made unless the form adds to their tars.
 * @throws {ImageError} as `assembleImage` */
export async function configDigestOf(
  store: Store,
  record: ImageRecord,
  options: Pick<AssembleOptions, "packer" | "fetchBlob">,
): Promise<Digest> {
  if (record.origin) return record.origin.config.digest;
  if (extendsTars(record)) return (await assembleImage(store, record, options)).configDigest;
  const { packer } = options;
  const diffIDs = record.layers.map(async (layer) => {
    return layer.kind === "blob" ? layer.diffID : await packer.diffID(layer.layer, layer.times);
  });
  return digestOf(toConfigBytes(record, await Promise.all(diffIDs)));
}

/** Makes an image complete in the content store: every layer's blob, the config and the manifest. A built image is written
 * exactly as BuildKit writes it; one from a registry or an archive keeps its own bytes.
 * @throws {ImageError} `LAYER_MISSING` | `BLOB_MISSING`
 * @throws {ContentError} `DIGEST_MISMATCH` | `NO_SPACE` */
export async function assembleImage(
  store: Store,
  record: ImageRecord,
  options: AssembleOptions,
): Promise<AssembledImage> {
  const layers = await Promise.all(
    record.layers.map((layer) => assembleLayer(store, layer, record, options)),
  );
  if (record.origin) return readOriginal(store, record.origin, layers);
  const image = toAssembledImage(record, layers);
  store.content.put(image.configBytes);
  store.content.put(image.manifestBytes);
  return image;
}

async function assembleLayer(
  store: Store,
  layer: ImageLayer,
  record: ImageRecord,
  { packer, fetchBlob, mayLackBlobs = false }: AssembleOptions,
): Promise<AssembledLayer> {
  const form = layerFormOf(record);
  if (layer.kind === "directory") return await packer.blob(layer.layer, form, layer.times);
  const { diffID, blob } = layer;
  const isRewritten = isCompressedAnew(record, blob);
  const known = isRewritten && packer.knownForm(layer, form);
  if (known) return known;
  if (!store.content.touch(blob.digest, blob.size) && (isRewritten || !mayLackBlobs)) {
    const reference = layer.reference ?? record.origin?.reference;
    if (!fetchBlob || reference === undefined) throw missing(blob.digest);
    await fetchBlob(reference, blob);
  }
  return isRewritten ? await packer.compressAnew(layer, form) : { diffID, blob };
}

function readOriginal(store: Store, origin: ImageOrigin, known: readonly AssembledLayer[]): AssembledImage {
  const manifestBytes = store.content.read(origin.manifest.digest, documentLimitBytes);
  const configBytes = store.content.read(origin.config.digest, documentLimitBytes);
  const manifest = parseManifest(manifestBytes, origin.manifest.mediaType);
  const { diff_ids } = parseImageConfig(configBytes).rootfs;
  const layers = manifest.layers.map((blob, index) => ({ diffID: diff_ids[index]!, blob }));
  const isSame = layers.every(({ blob }, index) => blob.digest === known[index]?.blob.digest);
  if (!isSame || known.length !== layers.length || diff_ids.length !== layers.length) {
    throw new Error(`Internal error: image record and manifest ${origin.manifest.digest} differ`);
  }
  return {
    config: manifest.config,
    configBytes,
    configDigest: origin.config.digest,
    manifest: origin.manifest,
    manifestBytes,
    layers,
  };
}

function missing(digest: Digest): ImageError {
  return new ImageError("BLOB_MISSING", `Cannot assemble image: layer ${digest} is not in the store`, {
    hint: "pull or build the image again",
  });
}
