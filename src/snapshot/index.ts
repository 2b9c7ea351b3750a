export { findBytes, type FoundBytes } from "./find-bytes.ts";
export { diffTrees, type FileDifference } from "./diff-trees.ts";
export { mountChanges } from "./mount-changes.ts";
export { digestSources, type ReadBefore } from "./digest-sources.ts";
export { copyFromDirectory, type CopiedBatch, type CopyBatch } from "./copy-batch.ts";
export type { CopyHelpers } from "./copy-helpers.ts";
export type { EarlierLayer } from "./copy-memory.ts";
export { copyDirectoryMetadata } from "./directory-metadata.ts";
export { FileActionError, type FileActionErrorCode } from "./file-action-error.ts";
export {
  applyFileActions,
  type Archives,
  type FileActionsInput,
  type FileActionsOptions,
  type FileActionsOutcome,
} from "./file-actions.ts";
export { type NumericOwner } from "./file-owner.ts";
export { FileCopies } from "./file-copies.ts";
export { type HashedFile, hashFiles } from "./hash-files.ts";
export { LayerDigests } from "./layer-digests.ts";
export { LayersTree } from "./layers-tree.ts";
export { LayersTrees } from "./layers-trees.ts";
export { type ListedFile, listTree } from "./list-tree.ts";
export { mountOverlay, OverlayLinks, type OverlayOptions } from "./mount-overlay.ts";
export {
  changesMountPoints,
  type FoundMountPoints,
  findMountPoints,
  type MissingMountPoints,
  type MountPoint,
  resolveInside,
} from "./mount-points.ts";
export { OverlayError } from "./overlay-error.ts";
export { type CopySource, openSource, type OpenSource } from "./source-tree.ts";
export { treeSizeBytes } from "./tree-size.ts";
