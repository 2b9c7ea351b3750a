import type { AssembledImage } from "../image/index.ts";
import {
  type Descriptor,
  type Digest,
  digestHex,
  encodeIndex,
  type Index,
  mediaTypes,
} from "../oci/index.ts";
import { familiarReference, parseReference } from "../oci/index.ts";

/** An image with the names that it gets in the archive. */
export interface NamedImage {
  readonly image: AssembledImage;
  /** Normalised. */
  readonly names: readonly string[];
  /** `created` of the image's config, RFC 3339. */
  readonly created?: string | undefined;
}

/** - `oci`: an OCI layout
 * - `docker`: an OCI layout with docker's `manifest.json`, which `docker load` and `podman load` read */
export type ArchiveFormat = "oci" | "docker";

/** Content of one file: bytes, or a blob of the content store. */
export type FileContent =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "blob"; readonly digest: Digest; readonly sizeBytes: number };

/** The files of an archive by path, each blob once. */
export function imageFiles(
  images: readonly NamedImage[],
  format: ArchiveFormat,
): ReadonlyMap<string, FileContent> {
  const files = new Map<string, FileContent>();
  for (const blob of images.flatMap(({ image }) => blobsOf(image))) {
    files.set(blobPath(blob.digest), { kind: "blob", digest: blob.digest, sizeBytes: blob.size });
  }
  files.set("index.json", text(encodeIndex(layoutIndex(images), 0)));
  files.set("oci-layout", text(layoutMarker));
  if (format === "docker") files.set("manifest.json", text(JSON.stringify(images.map(dockerManifest))));
  return files;
}

export const layoutMarker = '{"imageLayoutVersion":"1.0.0"}';

/** Every blob that an image is made of. */
export function blobsOf({ manifest, config, layers }: AssembledImage): readonly Descriptor[] {
  return [manifest, config, ...layers.map(({ blob }) => blob)];
}

/** `index.json`: a descriptor for each name, annotated as BuildKit does. `created` is the image's and not the archive's, so that
 * equal images give equal archives. */
export function layoutIndex(images: readonly NamedImage[]): Index {
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: images.flatMap(descriptors) };
}

function descriptors({ image, names, created }: NamedImage): readonly Descriptor[] {
  const time = created === undefined ? {} : { "org.opencontainers.image.created": toSeconds(created) };
  if (names.length === 0)
    return [created === undefined ? image.manifest : { ...image.manifest, annotations: time }];
  return names.map((name) => ({ ...image.manifest, annotations: { ...nameAnnotations(name), ...time } }));
}

function nameAnnotations(name: string): Record<string, string> {
  const { tag } = parseReference(name);
  return {
    "io.containerd.image.name": name,
    ...(tag !== undefined && { "org.opencontainers.image.ref.name": tag }),
  };
}

/** Whole seconds, as in BuildKit's annotation. */
function toSeconds(created: string): string {
  return created.replace(/\.\d+/, "");
}

/** An element of docker's `manifest.json`. */
function dockerManifest({ image, names }: NamedImage): object {
  return {
    Config: blobPath(image.configDigest),
    RepoTags: names.length > 0 ? names.map((name) => familiarReference(parseReference(name))) : null,
    Layers: image.layers.map(({ blob }) => blobPath(blob.digest)),
  };
}

export function blobPath(digest: Digest): string {
  return `blobs/sha256/${digestHex(digest)}`;
}

function text(content: string): FileContent {
  return { kind: "bytes", bytes: Buffer.from(content) };
}
