export { LayerError, type LayerErrorCode } from "./layer-error.ts";
export type { TarSource } from "./read-chunks.ts";
export { removeTree } from "./remove-tree.ts";
export { type UnpackLimits, type UnpackOptions, type UnpackResult, unpackTar } from "./unpack-tar.ts";
export { isLayerXattr, type OpaqueXattr } from "./xattr-policy.ts";
