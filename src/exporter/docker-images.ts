import { closeSync, openSync, readSync } from "node:fs";
import type { ExpectedBlob, Store } from "../content/index.ts";
import { type Compression, sniffCompression } from "../layer/index.ts";
import { type Descriptor, encodeManifest, type Manifest, mediaTypes } from "../oci/index.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import { ArchivedBlobs } from "./archived-blobs.ts";
import { invalid } from "./exporter-error.ts";
import { isNameOf, nameListLimitBytes } from "./image-files.ts";
import { type ArchivedImage, normaliseName, toRecord } from "./to-record.ts";

interface DockerImage {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

const maxImages = 1000;
/** Of one image, as in a manifest. */
const maxLayers = 1000;

/** The images of an archive by `docker save`. Such an archive has no manifests, so each image gets one.
 * @param manifest its `manifest.json`, in the content store
 * @throws {ExporterError} `INVALID_ARCHIVE` | `LIMIT_EXCEEDED`; {OciError} */
export function readDockerImages(
  store: Store,
  files: ArchiveReader,
  manifest: ExpectedBlob,
): readonly ArchivedImage[] {
  const text = store.content.read(manifest.digest, nameListLimitBytes).toString();
  const images = parseDockerManifest(text);
  const manifests = images.map((image) => toManifest(store, files, image));
  const blobs = store.content.putAll(manifests.map((each) => Buffer.from(encodeManifest(each))));
  const archived = new ArchivedBlobs(store);
  return images.map(({ RepoTags }, index) => {
    const [made, { digest, sizeBytes }] = [manifests[index]!, blobs[index]!];
    const descriptor = { mediaType: made.mediaType, digest, size: sizeBytes };
    const record = toRecord(archived, { descriptor, manifest: made, digest });
    const names = RepoTags.map(normaliseName).filter((name) => isNameOf(name, digest));
    return { record, names: [...new Set(names)] };
  });
}

function toManifest(store: Store, files: ArchiveReader, image: DockerImage): Manifest {
  const file = (path: string) => files.find(path) ?? missing(path);
  const config = file(image.Config);
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.sizeBytes },
    layers: image.Layers.map((path) => toLayer(store, file(path))),
  };
}

const mediaTypeOf: Partial<Record<Compression, string>> = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

function toLayer(store: Store, { digest, sizeBytes }: ExpectedBlob): Descriptor {
  const compression = sniffCompression(readHead(store.content.pathOf(digest)));
  const mediaType = mediaTypeOf[compression];
  if (!mediaType) throw invalid(`layer ${digest} is compressed with ${compression}`);
  return { mediaType, digest, size: sizeBytes };
}

function readHead(file: string): Buffer {
  const fd = openSync(file, "r");
  try {
    const head = Buffer.alloc(8);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

function parseDockerManifest(text: string): readonly DockerImage[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid('"manifest.json" is not JSON', error);
  }
  if (!Array.isArray(value) || value.length > maxImages)
    throw invalid('"manifest.json" is no list of images');
  return value.map(parseDockerImage);
}

function parseDockerImage(value: unknown): DockerImage {
  const { Config, RepoTags, Layers } = (value ?? {}) as Record<string, unknown>;
  const [tags, layers] = [RepoTags ?? [], Layers ?? []];
  if (typeof Config !== "string" || !isStrings(tags) || !isStrings(layers)) {
    throw invalid(
      'an image in "manifest.json" lacks Config, or has RepoTags or Layers that are no lists of texts',
    );
  }
  if (layers.length <= maxLayers) return { Config, RepoTags: tags, Layers: layers };
  throw invalid(`an image in "manifest.json" has ${layers.length} layers, more than ${maxLayers}`);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}

function missing(path: string): never {
  throw invalid(`it lacks ${JSON.stringify(path)}`);
}
