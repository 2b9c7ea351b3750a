import type { Store } from "../content/index.ts";
import {
  type Descriptor,
  digestOf,
  encodeIndex,
  isImageDescriptor,
  mediaTypes,
  normalizePlatform,
  parseIndex,
  type Platform,
} from "../oci/index.ts";
import type { AssembledImage } from "./assemble.ts";
import { type AssembleOptions, assembleImage } from "./assemble-image.ts";
import type { IndexRecord } from "./image-record.ts";
import { documentLimitBytes } from "./limits.ts";

/** The document of an image for several platforms. */
export interface AssembledIndex {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** The index of these manifests, in this order, as BuildKit writes it. */
export function toAssembledIndex(
  manifests: readonly { readonly platform: Platform; readonly manifest: Descriptor }[],
  record: Pick<IndexRecord, "mediaTypes" | "annotations" | "descriptorAnnotations">,
): AssembledIndex {
  const mediaType = record.mediaTypes === "docker" ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
  const index = {
    schemaVersion: 2,
    mediaType,
    manifests: manifests.map(({ platform, manifest: { mediaType: type, digest, size, annotations } }) => ({
      mediaType: type,
      digest,
      size,
      ...(annotations && { annotations }),
      platform: normalizePlatform(platform),
    })),
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

/** Makes an image for several platforms complete in the content store: every image, and the index. An index that was taken over
 * whole keeps its own bytes; of one that the store has only a part of, a new one is made.
 * @throws what `assembleImage` throws */
export async function assembleIndex(
  store: Store,
  record: IndexRecord,
  options: AssembleOptions,
): Promise<{ readonly index: AssembledIndex; readonly images: readonly AssembledImage[] }> {
  const images = await Promise.all(record.images.map(({ image }) => assembleImage(store, image, options)));
  const original = readOriginalIndex(store, record, images);
  const index =
    original ??
    toAssembledIndex(
      images.map(({ manifest }, position) => ({ platform: record.images[position]!.platform, manifest })),
      record,
    );
  store.content.put(index.bytes);
  return { index, images };
}

/** The index as it came, if all that it lists is here. */
function readOriginalIndex(
  store: Store,
  { origin }: IndexRecord,
  images: readonly AssembledImage[],
): AssembledIndex | undefined {
  if (!origin || !store.content.has(origin.digest)) return undefined;
  const bytes = store.content.read(origin.digest, documentLimitBytes);
  const { mediaType, manifests } = parseIndex(bytes);
  const known = new Set(images.map(({ manifest }) => manifest.digest));
  const isWhole = manifests.every((each) => isImageDescriptor(each) && known.has(each.digest));
  if (!isWhole) return undefined;
  return { descriptor: { mediaType, digest: origin.digest, size: bytes.length }, bytes };
}
