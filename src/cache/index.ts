export { CacheError, type CacheErrorCode } from "./cache-error.ts";
export type { CacheDocument, CachedLayer, CachedMount, CachedResult } from "./cache-document.ts";
export { fetchLayoutBlob, readLayoutCache } from "./read-layout.ts";
export { readRegistryCache } from "./read-registry.ts";
export { pushCache, writeLayoutCache } from "./write-cache.ts";
