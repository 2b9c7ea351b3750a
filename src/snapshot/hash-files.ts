import { closeSync, openSync } from "node:fs";
import { toText } from "../tree/index.ts";
import { hashWritten } from "./copy-bytes.ts";
import { LayersTree } from "./layers-tree.ts";
import { walkTree } from "./list-tree.ts";

export interface HashedFile {
  /** Relative, Unicode text. */
  readonly path: string;
  /** Of the bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Every regular file of a stack of layers as it is seen from the top, sorted by its path.
 * @param layers absolute directories, bottom first */
export function hashFiles(layers: readonly string[]): readonly HashedFile[] {
  if (layers.length === 0) return [];
  const tree = new LayersTree(layers);
  const hashed: HashedFile[] = [];
  walkTree(tree, "/", (path) => {
    if (tree.lstat(path)?.type !== "file") return;
    const fd = openSync(tree.hostPath(path), "r");
    try {
      hashed.push({ path: toText(path).slice(1), sha256: hashWritten(fd).digest });
    } finally {
      closeSync(fd);
    }
  });
  return hashed.sort((one, other) => (one.path < other.path ? -1 : 1));
}
