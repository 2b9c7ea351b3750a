import { closeSync, constants, openSync } from "node:fs";
import { openat2, Resolve, SysError } from "../sys/index.ts";
import {
  DirectoryTree,
  excludedTree,
  type FileTree,
  hostBytes,
  type TreePath,
  toBytes,
  unreadable,
} from "../tree/index.ts";
import { LayersTree } from "./layers-tree.ts";

/** Where a copy action reads: a directory of the host behind ignore patterns, or a stack of layer directories, bottom first. */
export type CopySource =
  | { readonly kind: "directory"; readonly root: string; readonly excludePatterns: readonly string[] }
  | { readonly kind: "layers"; readonly layers: readonly string[] };

/** A source tree whose files can be opened safely. */
export interface OpenSource extends Disposable {
  readonly tree: FileTree;
  /** Do its files never change, so that a copy may share them? */
  readonly isImmutable: boolean;
  /** Opens a regular file for reading. Links are not followed anywhere on the way, not even when somebody puts them
   * there now. The caller closes the descriptor.
   * @throws {TreeError} `UNREADABLE` | `NOT_FOUND` */
  open(path: TreePath): number;
}

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function openSource(source: CopySource): OpenSource {
  return source.kind === "layers" ? openLayers(source.layers) : openDirectory(source);
}

function openLayers(layers: readonly string[]): OpenSource {
  const tree = new LayersTree(layers);
  return {
    tree,
    isImmutable: true,
    open: (path) => guarded(tree.hostPath(path), (host) => openSync(host, FLAGS)),
    [Symbol.dispose]() {},
  };
}

function openDirectory({ root, excludePatterns }: { root: string; excludePatterns: readonly string[] }) {
  const rootBytes = toBytes(root);
  const dirfd = guarded(hostBytes(rootBytes), (host) =>
    openSync(host, constants.O_RDONLY | constants.O_DIRECTORY),
  );
  return {
    tree: excludedTree(new DirectoryTree(root), excludePatterns),
    isImmutable: false,
    open: (path: TreePath) =>
      guarded(hostBytes(rootBytes + path), (host) => openBelow(dirfd, path.slice(1), host)),
    [Symbol.dispose]: () => closeSync(dirfd),
  };
}

function openBelow(dirfd: number, path: string, host: string | Buffer): number {
  try {
    return openat2(hostBytes(path), {
      dirfd,
      flags: FLAGS,
      resolve: Resolve.BENEATH | Resolve.NO_SYMLINKS,
    });
  } catch (error) {
    if (error instanceof SysError && error.code === "ENOSYS") return openSync(host, FLAGS);
    throw error;
  }
}

function guarded<Value>(host: string | Buffer, open: (host: string | Buffer) => Value): Value {
  try {
    return open(host);
  } catch (error) {
    throw unreadable(host, error);
  }
}
