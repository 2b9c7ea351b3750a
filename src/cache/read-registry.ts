import type { ContentStore } from "../content/index.ts";
import { formatReference, parseManifest, parseReference } from "../oci/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import { type CacheDocument, cacheConfigType, parseCache } from "./cache-document.ts";
import { CacheError } from "./cache-error.ts";

const limitBytes = 64 * 1024 * 1024;

/** Reads the cache that a registry has under a name; no layer is fetched.
 * @throws {CacheError} | {RegistryError} | {OciError} */
export async function readRegistryCache(
  reference: string,
  registry: RegistryClient,
  content: ContentStore,
): Promise<CacheDocument> {
  const parsed = parseReference(reference);
  const { bytes, descriptor } = await registry.resolveManifest(parsed);
  const { config, layers } = parseManifest(bytes, descriptor.mediaType);
  if (config.mediaType !== cacheConfigType) {
    const found = JSON.stringify(config.mediaType);
    throw new CacheError(
      "INVALID_CACHE",
      `Cannot read ${formatReference(parsed)} as a cache: its config has type ${found}`,
      {
        hint: "caches are written with --cache-to",
      },
    );
  }
  if (config.size > limitBytes)
    throw new CacheError("INVALID_CACHE", "Cannot read the cache: its config is too large");
  await registry.fetchBlob(parsed, config, content);
  return parseCache(content.read(config.digest, limitBytes), layers);
}
