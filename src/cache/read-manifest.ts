import {
  type Descriptor,
  isImageDescriptor,
  type Manifest,
  mediaTypes,
  parseManifest,
  parseManifestOrIndex,
} from "../oci/index.ts";
import {
  type CacheDocument,
  cacheConfigType,
  joinCaches,
  parseCache,
  parseInlineCache,
} from "./cache-document.ts";
import { CacheError } from "./cache-error.ts";

/** Where a cache's documents are. */
export interface CacheDocuments {
  /** Names the cache, for messages. */
  readonly name: string;
  /** Verified bytes of a manifest that an index names. */
  manifest(descriptor: Descriptor): Promise<Uint8Array>;
  /** Verified bytes of a config, which is not larger than `configLimitBytes`. */
  config(descriptor: Descriptor): Promise<Uint8Array>;
}

export const configLimitBytes = 64 * 1024 * 1024;

/** Of an index: far more than an image has. */
const maxPlatforms = 64;
const imageConfigTypes: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];

/** Reads the cache that a manifest is, or the one in an image; of an index, those of all its images that have one.
 * @throws {CacheError} | {OciError} | what the documents throw */
export async function readManifestOrIndex(
  { bytes, mediaType }: { bytes: Uint8Array; mediaType: string },
  documents: CacheDocuments,
): Promise<CacheDocument> {
  const top = parseManifestOrIndex(bytes, mediaType);
  if (top.kind === "manifest") return await readManifest(top.manifest, documents);
  const images = top.index.manifests.filter(isImageDescriptor).slice(0, maxPlatforms);
  const read = await Promise.allSettled(
    images.map(async (image) =>
      readManifest(parseManifest(await documents.manifest(image), image.mediaType), documents),
    ),
  );
  const found = read.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
  const failed = read.find((each) => each.status === "rejected");
  if (found.length === 0 && failed) throw failed.reason;
  return joinCaches(found);
}

async function readManifest({ config, layers }: Manifest, documents: CacheDocuments): Promise<CacheDocument> {
  const isImage = imageConfigTypes.includes(config.mediaType);
  if (config.mediaType !== cacheConfigType && !isImage) {
    throw new CacheError(
      "INVALID_CACHE",
      `Cannot read ${documents.name} as a cache: its config has type ${JSON.stringify(config.mediaType)}`,
      { hint: "caches are written with --cache-to" },
    );
  }
  if (config.size > configLimitBytes)
    throw new CacheError("INVALID_CACHE", "Cannot read the cache: its config is too large");
  const bytes = await documents.config(config);
  return isImage ? parseInlineCache(bytes, layers, documents.name) : parseCache(bytes, layers);
}
