import { type CacheKey, cacheKey, type LayerId, type Store } from "../content/index.ts";
import type { DiffID } from "../oci/index.ts";

/** Where it is recorded which directory a layer's blob was unpacked into. */
export function unpackedKey(diffID: DiffID): CacheKey {
  return cacheKey({ diffID });
}

/** The directory that the layer was unpacked into; undefined when it was not, or when that is no longer known. */
export function unpackedLayer(store: Store, diffID: DiffID): LayerId | undefined {
  const { layer } = (store.cache.get(unpackedKey(diffID)) ?? {}) as { layer?: unknown };
  return typeof layer === "string" && /^[0-9a-z]{12}$/.test(layer) ? layer : undefined;
}
