import type { TreePath, TreeStat, Xattr } from "./file-tree.ts";

/** The part of a copy action (`llb`) that says what is copied. */
export interface SourcePattern {
  /** Absolute path or pattern, Unicode text. */
  readonly source: string;
  readonly followSymlink: boolean;
  readonly copyDirContents: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  readonly excludePatterns?: readonly string[];
  readonly parents?: boolean;
}

/** One file or directory that a copy action names, with everything of it that is copied. */
export interface SelectedSource {
  /** As found, before links are followed: its last component is the name that the copy gets in an existing directory. */
  readonly match: TreePath;
  /** Where it lies, links followed. */
  readonly path: TreePath;
  /** What is copied, links followed. */
  readonly stat: TreeStat;
  /** A directory that stands for its contents: it is no entry itself, and its metadata counts nowhere. */
  readonly isContentsOnly: boolean;
  /** A directory comes before what is in it; names in byte order. */
  readonly entries: readonly SelectedEntry[];
}

export interface SelectedEntry {
  /** Where it lies in the tree. */
  readonly path: TreePath;
  /** Path relative to the source, in latin1; empty for the source itself. */
  readonly name: string;
  readonly stat: TreeStat;
  readonly xattrs: readonly Xattr[];
  /** Target of a symbolic link, in latin1. */
  readonly linkTarget?: string;
  /** Name of an earlier entry of the same source that is the same file. */
  readonly hardLinkTo?: string;
}
