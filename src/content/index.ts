export {
  cacheMountDir,
  type CacheMountInfo,
  type CacheMountName,
  cacheMountInstances,
  listCacheMounts,
} from "./cache-mounts.ts";
export { BlobWriter, type ExpectedBlob, type FinishedBlob, manyFiles } from "./blob-writer.ts";
export { type CacheKey, cacheKey, type KeyParts } from "./cache-key.ts";
export type { CacheRecords } from "./cache-records.ts";
export type { ClaimOptions, Claims } from "./claims.ts";
export { ContentError, type ContentErrorCode } from "./content-error.ts";
export type { ContentStore } from "./content-store.ts";
export { readJsonFile } from "./json-file.ts";
export {
  type LayerId,
  type LayerMeta,
  type LayerStore,
  newLayerId,
  type PackedBlob,
  type PackInfo,
  selectionFile,
} from "./layer-store.ts";
export { findVolume, listVolumes, type VolumeInfo, volumeDir, volumeName } from "./volumes.ts";
export { type OpenStoreOptions, openStore, type Store, type StorePaths } from "./store.ts";
export { resolveStoreRoot, type StoreRootOptions } from "./store-root.ts";
export type { TempDirs } from "./temp-dirs.ts";
