export type { Descriptor, Index, Manifest } from "./descriptor.ts";
export { type DiffID, type Digest, digestHex, digestOf, parseDiffID, parseDigest } from "./digest.ts";
export { encodeImageConfig, encodeIndex, encodeManifest } from "./encode.ts";
export type {
  ContainerConfig,
  DraftImageConfig,
  HealthcheckConfig,
  HistoryEntry,
  ImageConfig,
} from "./image-config.ts";
export {
  type ManifestOrIndex,
  parseIndex,
  parseManifest,
  parseManifestOrIndex,
  parseReferrers,
} from "./manifest.ts";
export {
  bestForPlatform,
  isImageDescriptor,
  isSamePlatform,
  matchPlatform,
} from "./match-platform.ts";
export type { LayerTimes } from "./layer-times.ts";
export { estargzAnnotations, type LayerCompression, mediaTypes } from "./media-types.ts";
export { OciError, type OciErrorCode } from "./oci-error.ts";
export { parseImageConfig } from "./parse-image-config.ts";
export {
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
} from "./platform.ts";
export {
  familiarReference,
  familiarRepository,
  formatReference,
  type ImageReference,
  parseReference,
} from "./reference.ts";
