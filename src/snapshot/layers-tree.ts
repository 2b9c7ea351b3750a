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
  readonly #layers: string[] = [];
  readonly #roots: string[] = [];
  /** Those that were found. With a directory those above it are here too. */
  readonly #directories = new Map<TreePath, Directory>([["/", { layers: [], names: undefined }]]);
  #namesKept = 0;

  /** @param layers absolute directories, bottom first */
  constructor(layers: readonly string[] = []) {
    for (const layer of layers) {
      const number = this.#add(layer);
      this.#directories.get("/")!.layers.unshift(number);
    }
  }

  /** Bottom first. */
  get layers(): readonly string[] {
    return this.#layers;
  }

  /** So many names of files are in memory, at most. */
  get namesKept(): number {
    return this.#namesKept;
  }

  /** Lays another layer upon the others. What is known of them is not read again.
   * @param layer absolute directory */
  cover(layer: string): void {
    this.#cover("/", this.#add(layer));
  }

  #add(layer: string): number {
    this.#layers.push(layer);
    return this.#roots.push(toBytes(layer)) - 1;
  }

  /** @param path a directory that is known, and is one of the new layer too */
  #cover(path: TreePath, layer: number): void {
    const directory = this.#directories.get(path)!;
    if (path !== "/" && isOpaque(this.#hostIn(layer, path))) this.#replace(path, directory);
    directory.layers.unshift(layer);
    for (const entry of this.#readEntries(layer, path)) {
      const child = joinTreePath(path, entry.name);
      if (directory.names) this.#coverName(directory.names, entry, { layer, child });
      if (!this.#directories.has(child)) continue;
      if (entry.isDirectory()) this.#cover(child, layer);
      else this.#forget(child);
    }
  }

  #coverName(names: Names, entry: Dirent, { layer, child }: { layer: number; child: TreePath }): void {
    const below = names.get(entry.name);
    if (below === undefined) this.#namesKept++;
    if (entry.isDirectory()) names.set(entry.name, [layer, ...(typeof below === "object" ? below : [])]);
    else if (this.#isWhiteout(entry, layer, child)) names.delete(entry.name);
    else names.set(entry.name, layer);
  }

  /** Nothing that was below is seen any more. */
  #replace(path: TreePath, directory: Directory): void {
    this.#forget(path);
    this.#directories.set(path, directory);
    directory.layers.length = 0;
    directory.names = undefined;
  }

  #forget(path: TreePath): void {
    this.#directories.delete(path);
    for (const known of this.#directories.keys()) {
      if (known.startsWith(`${path}/`)) this.#directories.delete(known);
    }
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
    return readLinkHost(hostBytes(this.#host(path)));
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
    return this.#roots[layer] + path;
  }

  /** The layer whose file is seen at `path`; of a directory, the topmost. */
  #layerOf(path: TreePath): number | undefined {
    if (path === "/") return this.#layers.length === 0 ? undefined : this.#layers.length - 1;
    const found = this.#find(path);
    return typeof found === "object" ? found[0] : found;
  }

  #find(path: TreePath): Found | undefined {
    const parent = parentTreePath(path);
    const directory = this.#directory(parent);
    return directory && this.#names(parent, directory).get(baseName(path));
  }

  #directory(path: TreePath): Directory | undefined {
    const known = this.#directories.get(path);
    if (known) return known;
    const found = this.#find(path);
    if (typeof found !== "object") return undefined;
    const opaque = found.findIndex((layer) => isOpaque(this.#hostIn(layer, path)));
    const directory = { layers: opaque < 0 ? [...found] : found.slice(0, opaque + 1), names: undefined };
    this.#directories.set(path, directory);
    return directory;
  }

  #names(path: TreePath, directory: Directory): Names {
    directory.names ??= this.#readNames(path, directory.layers);
    return directory.names;
  }

  #readNames(path: TreePath, layers: readonly number[]): Names {
    const names: Names = new Map();
    /** Names of which nothing further below is seen. */
    const hidden = new Set<string>();
    for (const layer of layers) {
      for (const entry of this.#readEntries(layer, path)) {
        const { name } = entry;
        if (hidden.has(name)) continue;
        const above = names.get(name) as number[] | undefined;
        if (entry.isDirectory()) {
          if (above) above.push(layer);
          else names.set(name, [layer]);
          continue;
        }
        hidden.add(name);
        if (!above && !this.#isWhiteout(entry, layer, joinTreePath(path, name))) names.set(name, layer);
      }
    }
    this.#namesKept += names.size;
    return names;
  }

  #isWhiteout(entry: Dirent, layer: number, path: TreePath): boolean {
    return entry.isCharacterDevice() && this.#lstatIn(layer, path)?.rdev === 0;
  }

  #readEntries(layer: number, path: TreePath): Dirent[] {
    const host = this.#hostIn(layer, path);
    try {
      return readdirSync(host, { withFileTypes: true, encoding: "latin1" });
    } catch (error) {
      throw unreadable(host, error);
    }
  }

  #lstatIn(layer: number, path: TreePath): TreeStat | undefined {
    const stat = lstatHost(this.#hostIn(layer, path));
    return stat && { ...stat, dev: layer };
  }

  #hostIn(layer: number, path: TreePath): string | Buffer {
    return hostBytes(this.#roots[layer] + path);
  }
}

interface Directory {
  /** Layers that have this directory, top first. */
  readonly layers: number[];
  /** What is in it; read when it is first asked for. */
  names: Names | undefined;
}

type Names = Map<string, Found>;

/** The layer of a file; those of a directory, top first, down to where something else hides what is below. */
type Found = number | number[];

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

/** The target of a symbolic link, in latin1.
 * @throws {TreeError} `UNREADABLE` | `NOT_FOUND` */
export function readLinkHost(host: string | Buffer): string {
  try {
    return readlinkSync(host, "latin1");
  } catch (error) {
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
