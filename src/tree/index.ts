export type { FileTree, FileType, TreePath, TreeStat } from "./file-tree.ts";
