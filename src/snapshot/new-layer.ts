import { chmodSync, lchownSync, linkSync, mkdirSync, symlinkSync } from "node:fs";
import { setTimes } from "../sys/index.ts";
import {
  type FileTree,
  hostBytes,
  joinTreePath,
  parentTreePath,
  toBytes,
  type TreePath,
  type TreeStat,
  type Xattr,
} from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { applyXattrs } from "./apply-xattrs.ts";
import { LayersTree, lstatHost, readLinkHost, readXattrs } from "./layers-tree.ts";
import { isDirectory, replaceFile } from "./replace-file.ts";
import { treeSizeBytes } from "./tree-size.ts";
import { writing } from "./writing.ts";

export interface DirectoryMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Absent: whatever the last change makes it. */
  readonly mtimeNs?: bigint | undefined;
  readonly xattrs: readonly Xattr[];
}

/** A layer directory that is being written, seen together with the layers below. What is written is a whole overlay upper
 * directory: parents that exist below are made again with the same owner, mode, times and attributes. Directories get theirs at
 * the end, so that nothing that is made inside inherits from them or is kept out by them. */
export class NewLayer implements FileTree {
  readonly #root: string;
  /** Its root on the host, in latin1. */
  readonly rootBytes: string;
  #lower: LayersTree;
  /** Directories of the new layer. */
  readonly #directories = new Map<TreePath, NewDirectory>();
  #sizeBytes = 0;
  #isRewritten = false;

  /** @param root an empty directory
   * @param lower what it lies upon */
  constructor(root: string, lower: LayersTree) {
    this.#root = root;
    this.rootBytes = toBytes(root);
    this.#lower = lower;
    const below = this.#lower.lstat("/");
    this.#directories.set("/", {
      isMerged: below !== undefined,
      metadata: below ? this.#metadataBelow("/", below) : { mode: 0o755, uid: 0, gid: 0, xattrs: [] },
    });
  }

  lstat(path: TreePath): TreeStat | undefined {
    if (path === "/") return lstatHost(hostBytes(this.#host(path)));
    const parent = this.#directories.get(parentTreePath(path));
    const own = parent && lstatHost(hostBytes(this.#host(path)));
    return own ?? (parent?.isMerged === false ? undefined : this.#lower.lstat(path));
  }

  lstatNames(directory: TreePath, names: readonly string[]): readonly (TreeStat | undefined)[] {
    return names.map((name) => this.lstat(joinTreePath(directory, name)));
  }

  readdir(path: TreePath): readonly string[] {
    return this.#merged().readdir(path);
  }

  readlink(path: TreePath): string {
    return this.#isOwn(path) ? readLinkHost(this.ownHostPath(path)) : this.#lower.readlink(path);
  }

  hostPath(path: TreePath): Buffer {
    return this.#isOwn(path) ? Buffer.from(this.#host(path), "latin1") : this.#lower.hostPath(path);
  }

  xattrs(path: TreePath): readonly Xattr[] {
    return readXattrs(this.hostPath(path));
  }

  /** Where a path of the new layer lies on the host. */
  ownHostPath(path: TreePath): string | Buffer {
    return hostBytes(this.#host(path));
  }

  #host(path: TreePath): string {
    return this.rootBytes + path;
  }

  #isOwn(path: TreePath): boolean {
    if (path === "/") return true;
    return this.#directories.has(parentTreePath(path)) && lstatHost(this.ownHostPath(path)) !== undefined;
  }

  /** It changes, so nothing that was read of it may be kept. */
  #merged(): LayersTree {
    return new LayersTree([...this.#lower.layers, this.#root]);
  }

  /** The layers below, before any change of this layer. */
  get lower(): FileTree {
    return this.#lower;
  }

  /** Makes a directory where nothing is. */
  makeDirectory(path: TreePath, metadata: DirectoryMetadata): void {
    this.#touch(parentTreePath(path));
    writing(path, () => mkdirSync(this.ownHostPath(path), 0o700));
    this.#directories.set(path, { isMerged: false, metadata });
  }

  /** Gives a directory that exists other metadata. */
  changeDirectory(path: TreePath, metadata: DirectoryMetadata): void {
    this.#enter(path).metadata = metadata;
  }

  /** Sets the time of a directory of the new layer; later changes inside make it a new one. */
  setDirectoryTime(path: TreePath, mtimeNs: bigint): void {
    const directory = this.#enter(path);
    if (directory.metadata) directory.metadata = { ...directory.metadata, mtimeNs };
  }

  /** Creates something that is no directory in place of whatever file was there.
   * @param make creates it under the given host path, and throws `EEXIST` when there is something already
   * @throws {FileActionError} `WRONG_TYPE` when a directory is there */
  create<Value>(path: TreePath, make: (host: string | Buffer) => Value): Value {
    this.prepareFile(path);
    const { value, isRewritten } = replaceFile(path, this.ownHostPath(path), make);
    this.addFiles({ sizeBytes: 0, isRewritten });
    return value;
  }

  /** Makes ready for a file that somebody else creates at `path` of the new layer, and tells of by `addFiles`.
   * @throws {FileActionError} `WRONG_TYPE` when a directory below is there */
  prepareFile(path: TreePath): void {
    const parent = this.#touch(parentTreePath(path));
    if (parent.isMerged && this.#lower.lstat(path)?.type === "directory") throw isDirectory(path);
  }

  createSymlink(path: TreePath, target: string): void {
    this.create(path, (host) => symlinkSync(hostBytes(target), host));
  }

  /** Another name for a file of this layer. */
  createLink(path: TreePath, existing: TreePath): void {
    if (path === existing) return;
    this.create(path, (host) => linkSync(this.ownHostPath(existing), host));
  }

  /** Counts the bytes of a file that was created; each inode once. */
  addSize(bytes: number): void {
    this.#sizeBytes += bytes;
  }

  /** Counts files that were created.
   * @param files.isRewritten did they take the place of others? */
  addFiles({ sizeBytes, isRewritten }: { sizeBytes: number; isRewritten: boolean }): void {
    this.#sizeBytes += sizeBytes;
    this.#isRewritten ||= isRewritten;
  }

  /** Lets somebody else write into the new layer below a directory; what is known of it is forgotten. */
  async handOver(directory: TreePath, write: (host: string | Buffer) => Promise<void>): Promise<void> {
    this.#touch(directory);
    this.#finishDirectories();
    await write(this.ownHostPath(directory));
    this.#directories.clear();
    this.#lower = this.#merged();
    this.#isRewritten = true;
  }

  /** Was anything that this layer held written over, or written by somebody else? */
  get isRewritten(): boolean {
    return this.#isRewritten;
  }

  /** Completes the layer. Returns the sum of the sizes of regular files, each inode once. */
  finish(): number {
    this.#finishDirectories();
    return this.#isRewritten ? treeSizeBytes(this.#root) : this.#sizeBytes;
  }

  #finishDirectories(): void {
    for (const path of [...this.#directories.keys()].sort().toReversed()) {
      const { metadata } = this.#directories.get(path)!;
      if (metadata) writing(path, () => this.#applyMetadata(path, metadata));
    }
  }

  #applyMetadata(path: TreePath, { mode, uid, gid, mtimeNs, xattrs }: DirectoryMetadata): void {
    const host = this.ownHostPath(path);
    lchownSync(host, uid, gid);
    chmodSync(host, mode);
    applyXattrs(host, xattrs);
    if (mtimeNs !== undefined) setTimes(host, mtimeNs);
  }

  #touch(path: TreePath): NewDirectory {
    const directory = this.#enter(path);
    if (directory.metadata?.mtimeNs !== undefined)
      directory.metadata = { ...directory.metadata, mtimeNs: undefined };
    return directory;
  }

  /** The directory as one of the new layer; one that is only below is made again. */
  #enter(path: TreePath): NewDirectory {
    const known = this.#directories.get(path);
    if (known) return known;
    if (path !== "/") this.#enter(parentTreePath(path));
    const below = this.#lower.lstat(path);
    const isNew = writing(path, () => this.#tryMakeDirectory(path));
    const directory: NewDirectory = {
      isMerged: below !== undefined,
      metadata: isNew && below ? this.#metadataBelow(path, below) : undefined,
    };
    this.#directories.set(path, directory);
    return directory;
  }

  #tryMakeDirectory(path: TreePath): boolean {
    try {
      mkdirSync(this.ownHostPath(path), 0o700);
      return true;
    } catch (error) {
      if (isErrno(error, "EEXIST")) return false;
      throw error;
    }
  }

  #metadataBelow(path: TreePath, { mode, uid, gid, mtimeNs }: TreeStat): DirectoryMetadata {
    return { mode, uid, gid, mtimeNs, xattrs: readXattrs(this.#lower.hostPath(path)) };
  }
}

interface NewDirectory {
  /** Is there such a directory below, whose names are seen too? */
  readonly isMerged: boolean;
  /** What it gets at the end; undefined: it keeps what it has. */
  metadata: DirectoryMetadata | undefined;
}
