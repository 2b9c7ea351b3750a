import type { ContentStore } from "../content/index.ts";
import { formatReference, parseReference } from "../oci/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { CacheDocument } from "./cache-document.ts";
import { configLimitBytes, readManifestOrIndex } from "./read-manifest.ts";

/** Reads the cache that a registry has under a name, or the one in the image of that name; no layer is fetched.
 * @throws {CacheError} | {RegistryError} | {OciError} */
export async function readRegistryCache(
  reference: string,
  registry: RegistryClient,
  content: ContentStore,
): Promise<CacheDocument> {
  const parsed = parseReference(reference);
  const { bytes, descriptor } = await registry.resolveManifest(parsed);
  return await readManifestOrIndex(
    { bytes, mediaType: descriptor.mediaType },
    {
      name: formatReference(parsed),
      manifest: async ({ digest }) => (await registry.resolveManifest({ ...parsed, digest })).bytes,
      config: async (config) => {
        await registry.fetchBlob(parsed, config, content);
        return content.read(config.digest, configLimitBytes);
      },
    },
  );
}
