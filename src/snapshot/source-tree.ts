import { closeSync, constants, openSync } from "node:fs";
import { openat2, Resolve, SysError } from "../sys/index.ts";
import {
  baseName,
  DirectoryTree,
  excludedTree,
  type FileTree,
  hostBytes,
  parentTreePath,
  type TreePath,
  toBytes,
  unreadable,
} from "../tree/index.ts";
import { emptyTree } from "./empty-tree.ts";
import type { LayersTrees } from "./layers-trees.ts";

/** Where a copy action reads: a directory of the host behind ignore patterns, or a stack of layer directories, bottom first. */
export type CopySource =
  | { readonly kind: "directory"; readonly root: string; readonly excludePatterns: readonly string[] }
  | { readonly kind: "layers"; readonly layers: readonly string[] };

/** A source tree whose files can be opened safely. */
export interface OpenSource extends Disposable {
  readonly tree: FileTree;
  /** Do its files never change, so that a copy may share them? */
  readonly isImmutable: boolean;
  /** Of a directory of the host: its path. */
  readonly root: string;
  /** Opens a regular file for reading. Links are not followed anywhere on the way, not even when somebody puts them
   * there now. The caller closes the descriptor.
   * @throws {TreeError} `UNREADABLE` | `NOT_FOUND` */
  open(path: TreePath): number;
}

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function openSource(source: CopySource, trees: LayersTrees): OpenSource {
  return source.kind === "layers" ? openLayers(source.layers, trees) : openDirectory(source);
}

function openLayers(layers: readonly string[], trees: LayersTrees): OpenSource {
  const taken = layers.length === 0 ? undefined : trees.take(layers);
  const tree = taken ?? emptyTree;
  return {
    tree,
    isImmutable: true,
    root: "",
    open: (path) => guarded(tree.hostPath(path), (host) => openSync(host, FLAGS)),
    [Symbol.dispose]: () => taken && trees.giveBack(taken),
  };
}

export function openDirectory({
  root,
  excludePatterns,
}: {
  root: string;
  excludePatterns: readonly string[];
}): OpenSource {
  const rootBytes = toBytes(root);
  const opener = new SafeOpener(rootBytes);
  return {
    tree: excludedTree(new DirectoryTree(root), excludePatterns),
    isImmutable: false,
    root,
    open: (path: TreePath) => guarded(hostBytes(rootBytes + path), (host) => opener.open(path, host)),
    [Symbol.dispose]: () => opener[Symbol.dispose](),
  };
}

/** Opens files below a directory that others may change at any time: the directory of a file is opened without following links,
 * and the file relative to that descriptor. */
class SafeOpener implements Disposable {
  readonly #rootFd: number;
  /** The directory that was opened last: its files mostly come one after the other. */
  #last: { readonly path: TreePath; readonly fd: number } | undefined;

  constructor(rootBytes: string) {
    this.#rootFd = guarded(hostBytes(rootBytes), (host) =>
      openSync(host, constants.O_RDONLY | constants.O_DIRECTORY),
    );
  }

  /** @param host the same file, for kernels that do not know `openat2` */
  open(path: TreePath, host: string | Buffer): number {
    const parent = parentTreePath(path);
    if (this.#last?.path !== parent && !this.#enter(parent)) return openSync(host, FLAGS);
    return openSync(hostBytes(`/proc/self/fd/${this.#last!.fd}/${baseName(path)}`), FLAGS);
  }

  #enter(directory: TreePath): boolean {
    this.#leave();
    try {
      const fd = openat2(hostBytes(directory.slice(1) || "."), {
        dirfd: this.#rootFd,
        flags: constants.O_RDONLY | constants.O_DIRECTORY,
        resolve: Resolve.BENEATH | Resolve.NO_SYMLINKS,
      });
      this.#last = { path: directory, fd };
      return true;
    } catch (error) {
      if (error instanceof SysError && error.code === "ENOSYS") return false;
      throw error;
    }
  }

  #leave(): void {
    if (this.#last) closeSync(this.#last.fd);
    this.#last = undefined;
  }

  [Symbol.dispose](): void {
    this.#leave();
    closeSync(this.#rootFd);
  }
}

function guarded<Value>(host: string | Buffer, open: (host: string | Buffer) => Value): Value {
  try {
    return open(host);
  } catch (error) {
    throw unreadable(host, error);
  }
}
