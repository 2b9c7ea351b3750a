export type { AssembledImage, AssembledLayer } from "./assemble.ts";
export {
  type AssembleOptions,
  assembleImage,
  configDigestOf,
  type FetchBlob,
} from "./assemble-image.ts";
export {
  type AssembledAttestations,
  assembleAttestations,
  assembleReferrers,
  encodeStatement,
  readPredicate,
} from "./assemble-attestations.ts";
export { type AssembledIndex, assembleIndex } from "./assemble-index.ts";
export {
  diskUsage,
  type DiskUsage,
  type UsageFilter,
  type ImageUsage,
  type StageUsage,
  type UsageTotal,
} from "./disk-usage.ts";
export { finishHistory, type LayerFacts } from "./finish-history.ts";
export { ImageError, type ImageErrorCode } from "./image-error.ts";
export type {
  Attestations,
  ImageForm,
  ImageLayer,
  ImageOrigin,
  ImageRecord,
  IndexRecord,
  OtherManifest,
  PlatformImage,
  Predicate,
  StoredRecord,
} from "./image-record.ts";
export { ImageSizes } from "./image-size.ts";
export { ImageStore, type StoredImage } from "./image-store.ts";
export { knownAssembly, knownConfigDigest, knownDiffIDs } from "./known-image.ts";
export { documentLimitBytes } from "./limits.ts";
export { compressionOf, type LayerForm } from "./layer-form.ts";
export { LayerPacker, type TarMaker } from "./layer-packer.ts";
export { planPrune, type PruneOptions, type PrunePlan, type StoreInventory } from "./plan-prune.ts";
export { previewPrune, type PruneRun, pruneStore } from "./prune-store.ts";
export { recordId, type RecordId } from "./record-files.ts";
export { type RemovedImage, removeImage } from "./remove-image.ts";
export { type LayerSize, layerSizes, noteSizes, previousSizes } from "./size-history.ts";
export { unpackedKey } from "./unpacked-layer.ts";
export { imagesOf, isIndex, platformOf, requireImage, selectImage, shownImage } from "./select-image.ts";
