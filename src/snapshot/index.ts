export { copyDirectoryMetadata } from "./directory-metadata.ts";
export { mountOverlay, type OverlayOptions } from "./mount-overlay.ts";
export {
  type MountPoint,
  type PreparedMountPoints,
  prepareMountPoints,
  resolveInside,
} from "./mount-points.ts";
export { OverlayError } from "./overlay-error.ts";
export { treeSizeBytes } from "./tree-size.ts";
