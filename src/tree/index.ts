export { isContentXattr } from "./content-xattr.ts";
export { type DigestedEntry, digestSelection, hasBytes, SelectionDigest } from "./digest-selection.ts";
export { DirectoryTree, toTreeStat, unreadable } from "./directory-tree.ts";
export { excludedTree } from "./excluded-tree.ts";
export type { FileTree, FileType, TreePath, TreeStat, Xattr } from "./file-tree.ts";
export { parseIgnoreFile } from "./ignore-file.ts";
export { PatternMatcher } from "./pattern-matcher.ts";
export { resolveInTree } from "./resolve.ts";
export { selectSources, type SourceWalk, walkSources } from "./select.ts";
export { type FileChange, type FileChanges, firstChanges, selectionChanges } from "./selection-changes.ts";
export type { SelectedEntry, SelectedSource, SourcePattern } from "./selection.ts";
export { StatIndex } from "./stat-index.ts";
export type { FileState } from "./stat-rows.ts";
export { estimateFiles, readStatIndex, writeStatIndex } from "./stat-index-file.ts";
export { openFound, TreeError, type TreeErrorCode } from "./tree-error.ts";
export {
  baseName,
  cleanTreePath,
  hostBytes,
  joinTreePath,
  parentTreePath,
  toBytes,
  toText,
  toTreePath,
} from "./tree-path.ts";
