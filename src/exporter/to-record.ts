import type { ImageRecord, StoredRecord } from "../image/index.ts";
import {
  type Descriptor,
  type Digest,
  formatReference,
  type Manifest,
  mediaTypes,
  parseImageConfig,
  parseReference,
} from "../oci/index.ts";
import type { ArchivedBlobs } from "./archived-blobs.ts";
import { invalid } from "./exporter-error.ts";

const layerTypes: readonly string[] = [
  mediaTypes.ociLayer,
  mediaTypes.ociLayerGzip,
  mediaTypes.ociLayerZstd,
  mediaTypes.dockerLayer,
  mediaTypes.dockerLayerGzip,
  mediaTypes.dockerLayerZstd,
];

/** An image found in an archive; its blobs are in the content store. */
export interface ArchivedImage {
  readonly record: StoredRecord;
  /** Normalised. */
  readonly names: readonly string[];
}

export interface ManifestOfImage {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  /** Digest by which the archive knows the image: of an index, or the manifest's. */
  readonly digest: Digest;
}

/** The record of an image whose blobs are in the content store.
 * @throws {ExporterError} `INVALID_ARCHIVE` | `LIMIT_EXCEEDED` */
export function toRecord(
  blobs: ArchivedBlobs,
  { descriptor, manifest, digest }: ManifestOfImage,
): ImageRecord {
  const { rootfs, ...config } = parseImageConfig(blobs.read(manifest.config));
  if (rootfs.diff_ids.length !== manifest.layers.length) {
    throw invalid(
      `image ${descriptor.digest} has ${manifest.layers.length} layers and ${rootfs.diff_ids.length} diffIDs`,
    );
  }
  const layers = manifest.layers.map((blob, index) => {
    if (!layerTypes.includes(blob.mediaType)) {
      throw invalid(`layer ${blob.digest} has the unsupported media type ${JSON.stringify(blob.mediaType)}`);
    }
    blobs.require(blob);
    return { kind: "blob", diffID: rootfs.diff_ids[index]!, blob: strip(blob) } as const;
  });
  return {
    config,
    layers,
    origin: { digest, manifest: strip(descriptor), config: strip(manifest.config) },
  };
}

/** @throws {ExporterError} `INVALID_ARCHIVE` */
export function normaliseName(name: string): string {
  try {
    return formatReference(parseReference(name));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`it names an image ${JSON.stringify(name)}: ${reason}`, error);
  }
}

function strip({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
