import type { Store } from "../content/index.ts";
import { documentLimitBytes, type ImageRecord, type StoredRecord } from "../image/index.ts";
import {
  type Descriptor,
  type Digest,
  formatReference,
  type Manifest,
  mediaTypes,
  parseImageConfig,
  parseReference,
} from "../oci/index.ts";
import { ExporterError } from "./exporter-error.ts";

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
 * @throws {ExporterError} `INVALID_ARCHIVE` */
export function toRecord(store: Store, { descriptor, manifest, digest }: ManifestOfImage): ImageRecord {
  const { rootfs, ...config } = parseImageConfig(readBlob(store, manifest.config));
  if (rootfs.diff_ids.length !== manifest.layers.length) {
    throw invalid(
      `image ${descriptor.digest} has ${manifest.layers.length} layers and ${rootfs.diff_ids.length} diffIDs`,
    );
  }
  const layers = manifest.layers.map((blob, index) => {
    if (!layerTypes.includes(blob.mediaType)) {
      throw invalid(`layer ${blob.digest} has the unsupported media type ${JSON.stringify(blob.mediaType)}`);
    }
    requireBlob(store, blob);
    return { kind: "blob", diffID: rootfs.diff_ids[index]!, blob: strip(blob) } as const;
  });
  return {
    config,
    layers,
    origin: { digest, manifest: strip(descriptor), config: strip(manifest.config) },
  };
}

/** The bytes of a small blob that the archive must hold. */
export function readBlob(store: Store, blob: Descriptor): Buffer {
  requireBlob(store, blob);
  return store.content.read(blob.digest, documentLimitBytes);
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

export function invalid(reason: string, cause?: unknown): ExporterError {
  return new ExporterError("INVALID_ARCHIVE", `Cannot load archive: ${reason}`, { cause });
}

function requireBlob(store: Store, { digest, size }: Descriptor): void {
  if (!store.content.has(digest)) throw invalid(`it lacks blob ${digest}`);
  if (!store.content.touch(digest, size))
    throw invalid(`blob ${digest} has not the ${size} bytes that it should have`);
}

function strip({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
