import type { AssembledAttestations, AssembledImage, AssembledIndex } from "../image/index.ts";
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
  /** One, or with `index` one for each platform, in any order. Docker's `manifest.json` can tell only of the first. */
  readonly images: readonly AssembledImage[];
  readonly index?: AssembledIndex;
  /** What the index says of them. */
  readonly attestations?: readonly AssembledAttestations[];
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
  leftOut: ReadonlySet<Digest> = new Set(),
): ReadonlyMap<string, FileContent> {
  const files = new Map<string, FileContent>();
  for (const blob of images.flatMap(blobsOf)) {
    if (leftOut.has(blob.digest)) continue;
    files.set(blobPath(blob.digest), { kind: "blob", digest: blob.digest, sizeBytes: blob.size });
  }
  files.set("index.json", text(encodeIndex(layoutIndex(images), 0)));
  files.set("oci-layout", text(layoutMarker));
  if (format === "docker") files.set("manifest.json", text(JSON.stringify(images.map(dockerManifest))));
  return files;
}

/** Of `index.json` and of docker's `manifest.json`, which grow with every name of an image. */
export const nameListLimitBytes = 16 << 20;

export const layoutMarker = '{"imageLayoutVersion":"1.0.0"}';

/** Every blob that an image is made of. */
export function blobsOf({ images, index, attestations = [] }: NamedImage): readonly Descriptor[] {
  const blobs = [
    ...images.flatMap(({ manifest, config, layers }) => [
      manifest,
      config,
      ...layers.map(({ blob }) => blob),
    ]),
    ...attestations.flatMap(({ manifest, blobs: named }) => [manifest, ...named]),
  ];
  return index ? [...blobs, index.descriptor] : blobs;
}

/** What the image is known by: its index, or its only manifest. */
function topOf({ images, index }: NamedImage): Descriptor {
  return index?.descriptor ?? images[0]!.manifest;
}

/** `index.json`: a descriptor for each name, annotated as BuildKit does. `created` is the image's and not the archive's, so that
 * equal images give equal archives. */
export function layoutIndex(images: readonly NamedImage[]): Index {
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: images.flatMap(descriptors) };
}

function descriptors(image: NamedImage): readonly Descriptor[] {
  const { names, created } = image;
  const top = topOf(image);
  const time = created === undefined ? {} : { "org.opencontainers.image.created": toSeconds(created) };
  const own = { ...top.annotations, ...time };
  const given = names.filter((name) => isNameOf(name, top.digest));
  if (given.length === 0) return [Object.keys(own).length === 0 ? top : { ...top, annotations: own }];
  return given.map((name) => ({ ...top, annotations: { ...nameAnnotations(name), ...own } }));
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

/** May an image of this digest have the name? One with another digest, as that of an index of which only a part is there, is another
 * image's.
 * @param name normalised */
export function isNameOf(name: string, digest: Digest): boolean {
  const named = parseReference(name).digest;
  return named === undefined || named === digest;
}

/** An element of docker's `manifest.json`, which has no words for platforms; docker takes no name with a digest. */
function dockerManifest({ images: [first], names }: NamedImage): object {
  const { configDigest, layers } = first!;
  const tags = names.map(parseReference).filter(({ digest }) => digest === undefined);
  return {
    Config: blobPath(configDigest),
    RepoTags: tags.length > 0 ? tags.map(familiarReference) : null,
    Layers: layers.map(({ blob }) => blobPath(blob.digest)),
  };
}

export function blobPath(digest: Digest): string {
  return `blobs/sha256/${digestHex(digest)}`;
}

function text(content: string): FileContent {
  return { kind: "bytes", bytes: Buffer.from(content) };
}
