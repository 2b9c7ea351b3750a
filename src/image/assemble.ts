import {
  type Descriptor,
  type DiffID,
  type Digest,
  digestOf,
  encodeImageConfig,
  encodeManifest,
  type ImageConfig,
  mediaTypes,
} from "../oci/index.ts";
import type { ImageLayer, ImageRecord } from "./image-record.ts";

/** An image as it travels. */
export interface AssembledImage {
  readonly config: Descriptor;
  readonly configBytes: Buffer;
  readonly configDigest: Digest;
  readonly manifest: Descriptor;
  readonly manifestBytes: Buffer;
  /** Bottom first; the blobs are in the content store. */
  readonly layers: readonly AssembledLayer[];
}

export interface AssembledLayer {
  readonly diffID: DiffID;
  readonly blob: Descriptor;
}

/** The config of a built image, as BuildKit writes it. */
export function toConfigBytes(record: ImageRecord, diffIDs: readonly DiffID[]): Buffer {
  const config: ImageConfig = { ...record.config, rootfs: { type: "layers", diff_ids: diffIDs } };
  return Buffer.from(encodeImageConfig(config));
}

/** Config and manifest of a built image, as BuildKit writes them: OCI media types whatever the base image had, and nothing
 * else said of a layer than that its times were rewritten. */
export function toAssembledImage(record: ImageRecord, layers: readonly AssembledLayer[]): AssembledImage {
  const diffIDs = layers.map(({ diffID }) => diffID);
  const configBytes = toConfigBytes(record, diffIDs);
  const config = describe(configBytes, mediaTypes.ociConfig);
  const blobs = layers.map(({ diffID, blob }, index) => ({
    diffID,
    blob: { ...toOciLayer(blob), ...timesAnnotation(record.layers[index]) },
  }));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: blobs.map(({ blob }) => blob),
  } as const;
  const manifestBytes = Buffer.from(encodeManifest(manifest));
  return {
    config,
    configBytes,
    configDigest: config.digest,
    manifest: describe(manifestBytes, mediaTypes.ociManifest),
    manifestBytes,
    layers: blobs,
  };
}

const ociTypes: Readonly<Record<string, string>> = {
  [mediaTypes.dockerLayer]: mediaTypes.ociLayer,
  [mediaTypes.dockerLayerGzip]: mediaTypes.ociLayerGzip,
  [mediaTypes.dockerLayerZstd]: mediaTypes.ociLayerZstd,
};

function toOciLayer({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType: ociTypes[mediaType] ?? mediaType, digest, size };
}

function timesAnnotation(layer: ImageLayer | undefined): Pick<Descriptor, "annotations"> {
  if (layer?.kind !== "directory" || !layer.times) return {};
  return { annotations: { "buildkit/rewritten-timestamp": String(layer.times.seconds) } };
}

function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
