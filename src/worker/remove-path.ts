import { removeTree } from "../layer/index.ts";

/** Removes a file or a tree by its host path. */
export function removePath(path: string): void {
  removeTree(Buffer.from(path).toString("latin1"));
}
