import type { Store } from "../content/index.ts";
import {
  type Descriptor,
  digestOf,
  encodeIndex,
  mediaTypes,
  normalizePlatform,
  parseIndex,
  type Platform,
} from "../oci/index.ts";
import type { AssembledImage } from "./assemble.ts";
import { type AssembledAttestations, assembleAttestations } from "./assemble-attestations.ts";
import { type AssembleOptions, assembleImage } from "./assemble-image.ts";
import type { Attestations, ImageRecord, IndexRecord, OtherManifest } from "./image-record.ts";
import { documentLimitBytes } from "./limits.ts";

/** The document of an image for several platforms. */
export interface AssembledIndex {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** The index of these manifests, in this order and attestations after them, as BuildKit writes it. */
export function toAssembledIndex(
  manifests: readonly { readonly platform: Platform; readonly manifest: Descriptor }[],
  attestations: readonly AssembledAttestations[],
  record: Pick<IndexRecord, "mediaTypes" | "annotations" | "descriptorAnnotations">,
): AssembledIndex {
  const mediaType = record.mediaTypes === "docker" ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
  const index = {
    schemaVersion: 2,
    mediaType,
    manifests: [
      ...manifests.map(({ platform, manifest: { mediaType: type, digest, size, annotations } }) => ({
        mediaType: type,
        digest,
        size,
        ...(annotations && { annotations }),
        platform: normalizePlatform(platform),
      })),
      ...attestations.map(({ manifest }) => manifest),
    ],
    ...(record.annotations && { annotations: record.annotations }),
  } as const;
  const bytes = Buffer.from(encodeIndex(index));
  const { descriptorAnnotations: annotations } = record;
  return {
    descriptor: {
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
      ...(annotations && { annotations }),
    },
    bytes,
  };
}

/** An index with all that it names. */
export interface WholeIndex {
  readonly index: AssembledIndex;
  readonly images: readonly AssembledImage[];
  readonly attestations: readonly AssembledAttestations[];
}

/** Makes an image for several platforms complete in the content store: every image, what is said of them, and the index. An index
 * that was taken over whole keeps its own bytes; of one that the store has only a part of, a new one is made.
 * @throws what `assembleImage` throws */
export async function assembleIndex(
  store: Store,
  record: IndexRecord,
  options: AssembleOptions,
): Promise<WholeIndex> {
  const images = await Promise.all(record.images.map(({ image }) => assembleImage(store, image, options)));
  const original = readOriginalIndex(store, record, images);
  if (original) return { images, ...original };
  const made = images.flatMap((image, position) => {
    const indexed = indexedAttestations(record.images[position]!.image);
    return indexed ? [assembleAttestations(store, image, indexed)] : [];
  });
  const manifests = images.map(({ manifest }, position) => {
    return { platform: record.images[position]!.platform, manifest };
  });
  const attestations = [...made, ...keptAttestations(store, record, manifests)];
  const index = toAssembledIndex(manifests, attestations, record);
  store.content.put(index.bytes);
  return { index, images, attestations };
}

/** What came with images that are still there. */
export function keptAttestations(
  store: Store,
  { others = [] }: IndexRecord,
  images: readonly { readonly manifest: Descriptor }[],
): readonly AssembledAttestations[] {
  const digests = new Set<string>(images.map(({ manifest }) => manifest.digest));
  return others
    .filter(({ manifest }) => digests.has(manifest.annotations?.["vnd.docker.reference.digest"] ?? ""))
    .filter(({ manifest }) => store.content.has(manifest.digest, manifest.size))
    .map((other) => takenOver(store, other));
}

/** What an index says of one of its images. */
export function indexedAttestations({ attestations }: ImageRecord): Attestations | undefined {
  return attestations?.areReferrers ? undefined : attestations;
}

/** The index as it came, if all that it lists is here. */
function readOriginalIndex(
  store: Store,
  { origin, others = [] }: IndexRecord,
  images: readonly AssembledImage[],
): Omit<WholeIndex, "images"> | undefined {
  if (!origin || !store.content.touch(origin.digest)) return undefined;
  const bytes = store.content.read(origin.digest, documentLimitBytes);
  const { mediaType, manifests } = parseIndex(bytes);
  const known = new Set([
    ...images.map(({ manifest }) => manifest.digest),
    ...others.map(({ manifest }) => manifest.digest).filter((digest) => store.content.touch(digest)),
  ]);
  if (!manifests.every(({ digest }) => known.has(digest))) return undefined;
  return {
    index: { descriptor: { mediaType, digest: origin.digest, size: bytes.length }, bytes },
    attestations: others.map((other) => takenOver(store, other)),
  };
}

function takenOver(store: Store, { manifest, blobs, reference }: OtherManifest): AssembledAttestations {
  const manifestBytes = store.content.read(manifest.digest, documentLimitBytes);
  return { manifest, manifestBytes, blobs, reference };
}
