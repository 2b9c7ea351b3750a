export type { Descriptor, Index, Manifest } from "./descriptor.ts";
export { type DiffID, type Digest, digestHex, digestOf, parseDiffID, parseDigest } from "./digest.ts";
export type {
  ContainerConfig,
  DraftImageConfig,
  HealthcheckConfig,
  HistoryEntry,
  ImageConfig,
} from "./image-config.ts";
export { type LayerCompression, mediaTypes } from "./media-types.ts";
export { OciError, type OciErrorCode } from "./oci-error.ts";
export { hostPlatform, type Platform } from "./platform.ts";
