import {
  type Descriptor,
  type DiffID,
  type Digest,
  digestOf,
  encodeImageConfig,
  encodeManifest,
  estargzAnnotations,
  type ImageConfig,
  mediaTypes,
} from "../oci/index.ts";
import type { ImageForm, ImageLayer, ImageRecord } from "./image-record.ts";

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

/** Config and manifest of a built image, as BuildKit writes them: the media types of its form whatever the base image had, and
 * nothing else said of a layer than what eStargz needs, and that its times were rewritten. */
export function toAssembledImage(record: ImageRecord, layers: readonly AssembledLayer[]): AssembledImage {
  const diffIDs = layers.map(({ diffID }) => diffID);
  const configBytes = toConfigBytes(record, diffIDs);
  const types = typesOf(record.form?.mediaTypes);
  const config = describe(configBytes, types.config);
  const blobs = layers.map(({ diffID, blob }, index) => ({
    diffID,
    blob: { ...withType(blob, types), ...(types.isOci && annotationsOf(blob, record.layers[index])) },
  }));
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config,
    layers: blobs.map(({ blob }) => blob),
    ...(record.annotations && { annotations: record.annotations }),
  } as const;
  const manifestBytes = Buffer.from(encodeManifest(manifest));
  return {
    config,
    configBytes,
    configDigest: config.digest,
    manifest: {
      ...describe(manifestBytes, types.manifest),
      ...(record.descriptorAnnotations && { annotations: record.descriptorAnnotations }),
    },
    manifestBytes,
    layers: blobs,
  };
}

interface DocumentTypes {
  readonly isOci: boolean;
  readonly manifest: string;
  readonly config: string;
}

function typesOf(mediaType: ImageForm["mediaTypes"]): DocumentTypes {
  return mediaType === "docker"
    ? { isOci: false, manifest: mediaTypes.dockerManifest, config: mediaTypes.dockerConfig }
    : { isOci: true, manifest: mediaTypes.ociManifest, config: mediaTypes.ociConfig };
}

/** Each layer's type in the words of OCI and of Docker. */
const layerTypes = [
  [mediaTypes.ociLayer, mediaTypes.dockerLayer],
  [mediaTypes.ociLayerGzip, mediaTypes.dockerLayerGzip],
  [mediaTypes.ociLayerZstd, mediaTypes.dockerLayerZstd],
] as const;

function withType({ mediaType, digest, size }: Descriptor, { isOci }: DocumentTypes): Descriptor {
  const known = layerTypes.find((pair) => (pair as readonly string[]).includes(mediaType));
  const [oci = mediaType, docker = mediaType] = known ?? [];
  return { mediaType: isOci ? oci : docker, digest, size };
}

function annotationsOf(blob: Descriptor, layer: ImageLayer | undefined): Pick<Descriptor, "annotations"> {
  const annotations: Record<string, string> = {};
  for (const key of estargzAnnotations) {
    const value = blob.annotations?.[key];
    if (value !== undefined) annotations[key] = value;
  }
  if (layer?.kind === "directory" && layer.times)
    annotations["buildkit/rewritten-timestamp"] = String(layer.times.seconds);
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
