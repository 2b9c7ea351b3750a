import { type Dirent, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { getXattr, listXattrs } from "../sys/index.ts";
import {
  baseName,
  type FileTree,
  hostBytes,
  isContentXattr,
  joinTreePath,
  parentTreePath,
  toBytes,
  toTreeStat,
  type TreePath,
  type TreeStat,
  unreadable,
  type Xattr,
} from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { isOpaque } from "./is-opaque.ts";

/** A stack of layer directories in overlayfs form, seen as one tree as overlayfs shows it: a whiteout hides a name below, an
 * opaque directory what lies below it, a directory merges with those below. The layers never change, so what was read of a
 * directory is kept. `TreeStat.dev` is the number of the layer.
 * @throws {TreeError} `UNREADABLE` | `NOT_FOUND` from every member but `lstat` of a path that is not there */
export class LayersTree implements FileTree {
  readonly #layers: readonly string[];
  readonly #directories = new Map<TreePath, Directory | undefined>();

  /** @param layers absolute directories, bottom first */
  constructor(layers: readonly string[]) {
    this.#layers = layers.map((layer) => toBytes(layer));
    const all = layers.map((_, index) => index).toReversed();
    this.#directories.set("/", { layers: all, names: undefined });
  }

  lstat(path: TreePath): TreeStat | undefined {
    const layer = this.#layerOf(path);
    return layer === undefined ? undefined : this.#lstatIn(layer, path);
  }

  lstatNames(directory: TreePath, names: readonly string[]): readonly (TreeStat | undefined)[] {
    return names.map((name) => this.lstat(joinTreePath(directory, name)));
  }

  readdir(path: TreePath): readonly string[] {
    const directory = this.#directory(path);
    if (!directory) throw unreadable(path, Object.assign(new Error("not a directory"), { code: "ENOTDIR" }));
    return [...this.#names(path, directory).keys()].sort();
  }

  readlink(path: TreePath): string {
    const host = hostBytes(this.#host(path));
    try {
      return readlinkSync(host, "latin1");
    } catch (error) {
      throw unreadable(host, error);
    }
  }

  hostPath(path: TreePath): Buffer {
    return Buffer.from(this.#host(path), "latin1");
  }

  xattrs(path: TreePath): readonly Xattr[] {
    return readXattrs(hostBytes(this.#host(path)));
  }

  #host(path: TreePath): string {
    const layer = this.#layerOf(path);
    if (layer === undefined)
      throw unreadable(path, Object.assign(new Error("not found"), { code: "ENOENT" }));
    return this.#layers[layer] + path;
  }

  /** The layer whose file is seen at `path`; of a directory, the topmost. */
  #layerOf(path: TreePath): number | undefined {
    if (path === "/") return this.#layers.length === 0 ? undefined : this.#layers.length - 1;
    const parent = parentTreePath(path);
    const directory = this.#directory(parent);
    return directory && this.#names(parent, directory).get(baseName(path));
  }

  #directory(path: TreePath): Directory | undefined {
    if (this.#directories.has(path)) return this.#directories.get(path);
    const directory = this.#findDirectory(path);
    this.#directories.set(path, directory);
    return directory;
  }

  #findDirectory(path: TreePath): Directory | undefined {
    const top = this.#layerOf(path);
    if (top === undefined) return undefined;
    const layers: number[] = [];
    for (const layer of this.#directory(parentTreePath(path))!.layers) {
      if (layer > top) continue;
      const stat = this.#lstatIn(layer, path);
      if (!stat) continue;
      if (stat.type !== "directory") break; // a file or whiteout hides what is below
      layers.push(layer);
      if (isOpaque(hostBytes(this.#layers[layer] + path))) break;
    }
    return layers.length === 0 ? undefined : { layers, names: undefined };
  }

  #names(path: TreePath, directory: Directory): ReadonlyMap<string, number> {
    directory.names ??= this.#readNames(path, directory.layers);
    return directory.names;
  }

  #readNames(path: TreePath, layers: readonly number[]): Map<string, number> {
    const names = new Map<string, number>();
    const hidden = new Set<string>();
    for (const layer of layers) {
      for (const entry of this.#readEntries(layer, path)) {
        const name = entry.name;
        if (names.has(name) || hidden.has(name)) continue;
        const isWhiteout =
          entry.isCharacterDevice() && this.#lstatIn(layer, joinTreePath(path, name))?.rdev === 0;
        if (isWhiteout) hidden.add(name);
        else names.set(name, layer);
      }
    }
    return names;
  }

  #readEntries(layer: number, path: TreePath): Dirent[] {
    const host = hostBytes(this.#layers[layer] + path);
    try {
      return readdirSync(host, { withFileTypes: true, encoding: "latin1" });
    } catch (error) {
      throw unreadable(host, error);
    }
  }

  #lstatIn(layer: number, path: TreePath): TreeStat | undefined {
    const host = hostBytes(this.#layers[layer] + path);
    const stat = lstatHost(host);
    return stat && { ...stat, dev: layer };
  }
}

interface Directory {
  /** Layers that have this directory, top first. */
  readonly layers: readonly number[];
  /** The topmost layer of each name; read when it is first asked for. */
  names: ReadonlyMap<string, number> | undefined;
}

/** `lstat` of a host path, undefined where nothing is.
 * @throws {TreeError} `UNREADABLE` */
export function lstatHost(host: string | Buffer): TreeStat | undefined {
  try {
    const stats = lstatSync(host, { bigint: true, throwIfNoEntry: false });
    return stats && toTreeStat(stats);
  } catch (error) {
    if (isErrno(error, "ENOTDIR", "ENAMETOOLONG")) return undefined;
    throw unreadable(host, error);
  }
}

/** The attributes of a file that belong to its content, by name. */
export function readXattrs(host: string | Buffer): readonly Xattr[] {
  const names = listXattrs(host);
  if (names.length === 0) return NONE;
  return names
    .filter(isContentXattr)
    .sort()
    .flatMap((name) => {
      const value = getXattr(host, name);
      return value ? [{ name, value }] : [];
    });
}

const NONE: readonly Xattr[] = [];
