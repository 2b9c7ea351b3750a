import type { ExpectedBlob, Store } from "../content/index.ts";
import { type ImageRecord, type OtherManifest, platformOf, type StoredRecord } from "../image/index.ts";
import {
  type Descriptor,
  type Digest,
  isImageDescriptor,
  normalizePlatform,
  parseIndex,
  parseManifestOrIndex,
} from "../oci/index.ts";
import { ArchivedBlobs } from "./archived-blobs.ts";
import { invalid } from "./exporter-error.ts";
import { isNameOf, nameListLimitBytes } from "./image-files.ts";
import { type ArchivedImage, normaliseName, toRecord } from "./to-record.ts";

/** An index in an index in an index; more is not made by any tool. */
const maxDepth = 3;

/** The images of an OCI layout.
 * @param index its `index.json`, in the content store
 * @throws {ExporterError} `INVALID_ARCHIVE` | `LIMIT_EXCEEDED`; {OciError} */
export function readLayoutImages(store: Store, index: ExpectedBlob): readonly ArchivedImage[] {
  const { manifests } = parseIndex(store.content.read(index.digest, nameListLimitBytes));
  const names = new Map<Descriptor["digest"], { descriptor: Descriptor; names: Set<string> }>();
  for (const descriptor of manifests) {
    const image = names.get(descriptor.digest) ?? { descriptor, names: new Set() };
    names.set(descriptor.digest, image);
    const name = nameOf(descriptor);
    if (name !== undefined && isNameOf(name, descriptor.digest)) image.names.add(name);
  }
  const blobs = new ArchivedBlobs(store);
  return [...names.values()].map((image) => ({
    record: readImage(blobs, image.descriptor),
    names: [...image.names],
  }));
}

/** containerd's annotation is a whole name; the specification's is one with some tools, and only a tag with others. */
function nameOf({ annotations }: Descriptor): string | undefined {
  const name = annotations?.["io.containerd.image.name"];
  if (name !== undefined) return normaliseName(name);
  const reference = annotations?.["org.opencontainers.image.ref.name"];
  return reference !== undefined && /[:/]/.test(reference) ? normaliseName(reference) : undefined;
}

/** The image of a manifest, or those of an index that the archive holds whole: tools may leave platforms out. */
export function readImage(blobs: ArchivedBlobs, top: Descriptor): StoredRecord {
  const images = imagesBelow(blobs, top, { top, depth: 0, seen: new Set() });
  const [first, ...further] = images;
  if (!first) throw invalid(`image ${top.digest} has no variant that is whole`);
  const others = attestationsOf(blobs, top);
  if (further.length === 0 && others.length === 0) return first;
  return {
    kind: "index",
    images: images.map((image) => ({ platform: normalizePlatform(platformOf(image)), image })),
    origin: { digest: top.digest },
    ...(others.length > 0 && { others }),
  };
}

/** Manifests of an index that are no images, and whole. */
function attestationsOf(archived: ArchivedBlobs, top: Descriptor): readonly OtherManifest[] {
  const document = parseManifestOrIndex(archived.read(top), top.mediaType);
  if (document.kind === "manifest") return [];
  const seen = new Set<Digest>();
  return document.index.manifests.flatMap((manifest) => {
    if (isImageDescriptor(manifest) || !isFirst(manifest, seen) || !isWhole(archived, manifest, maxDepth - 1))
      return [];
    const parsed = parseManifestOrIndex(archived.read(manifest), manifest.mediaType);
    if (parsed.kind === "index") return [];
    const { config, layers } = parsed.manifest;
    return [{ manifest, blobs: [config, ...layers].map(({ data: _data, ...blob }) => blob) }];
  });
}

interface Descent {
  readonly top: Descriptor;
  readonly depth: number;
  /** What was met on the way. Each counts once: indexes that name others over and over are read in no time. */
  readonly seen: Set<Digest>;
}

function imagesBelow(
  blobs: ArchivedBlobs,
  descriptor: Descriptor,
  { top, depth, seen }: Descent,
): readonly ImageRecord[] {
  if (depth >= maxDepth) throw invalid(`image ${top.digest} is an index within indexes without end`);
  const document = parseManifestOrIndex(blobs.read(descriptor), descriptor.mediaType);
  if (document.kind === "manifest") {
    return [toRecord(blobs, { descriptor, manifest: document.manifest, digest: top.digest })];
  }
  const present = document.index.manifests
    .filter(isImageDescriptor)
    .filter((each) => isFirst(each, seen) && isWhole(blobs, each, depth + 1));
  return present.flatMap((each) => imagesBelow(blobs, each, { top, depth: depth + 1, seen }));
}

/** Notes a manifest. */
export function isFirst({ digest }: Descriptor, seen: Set<Digest>): boolean {
  return !seen.has(digest) && Boolean(seen.add(digest));
}

/** Are all blobs of a manifest there, or of a manifest of an index? */
function isWhole(blobs: ArchivedBlobs, top: Descriptor, depth: number): boolean {
  if (depth >= maxDepth) return true; // and then refused
  if (!blobs.has(top.digest, top.size)) return false;
  const document = parseManifestOrIndex(blobs.read(top), top.mediaType);
  if (document.kind === "index") {
    return document.index.manifests.some((each) => isWhole(blobs, each, depth + 1));
  }
  const { config, layers } = document.manifest;
  return [config, ...layers].every(({ digest }) => blobs.has(digest));
}
