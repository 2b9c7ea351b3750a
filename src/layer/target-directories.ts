import { chmodSync, lchownSync, lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";
import { type HostPath, setTimes, setXattr } from "../sys/index.ts";
import { type FileTree, isContentXattr, type Xattr } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { quotePath, toHostPath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import type { OpaqueXattr } from "./overlay-xattrs.ts";
import { removeTree } from "./remove-tree.ts";
import { joinPath, parentPath } from "./tar-path.ts";

export interface DirectoryMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly Xattr[];
}

export interface TargetOptions {
  readonly opaqueXattr: OpaqueXattr;
  /** What lies below the target, seen at the same paths: links there are followed, directories keep owner and mode. */
  readonly under?: FileTree | undefined;
  /** Will other layers lie below, so that directories may have to hide theirs? */
  readonly hasLower: boolean;
  /** Applies one attribute; it decides what a refusal means. */
  readonly applyXattr: (path: HostPath, xattr: Xattr) => void;
}

/** A directory that is known to be real. */
interface KnownDirectory {
  /** Was it made here, so that nothing is in it but what came from here? */
  readonly isNew: boolean;
  /** What it gets at the end; undefined: it keeps what it has. */
  metadata: DirectoryMetadata | undefined;
  /** Is the directory of the same path below seen in it? Otherwise nothing below may be asked about what is in it, for its parents
   * there need not be directories. */
  isMerged: boolean;
  isOpaque: boolean;
}

/** The kernel's own limit. */
const linkLimit = 40;

/** The directories of a tree that is being unpacked. Paths are relative to the root, which is the empty string. Every path that
 * comes out of here consists of real directories of the target: links on the way are resolved inside the root, by an own walk
 * (the target is private to this process, so nothing changes under it). Owners, modes, attributes and times are
 * set at the end: until then nothing that is made inside inherits from them or is kept out by them. */
export class TargetDirectories {
  readonly #root: string;
  readonly #options: TargetOptions;
  readonly #known = new Map<string, KnownDirectory>();
  #freedBytes = 0;

  constructor(root: string, options: TargetOptions) {
    this.#root = root;
    this.#options = options;
    this.#known.set("", {
      isNew: false,
      metadata: undefined,
      isMerged: options.under !== undefined,
      isOpaque: false,
    });
  }

  hostPath(path: string): HostPath {
    return toHostPath(this.#bytes(path));
  }

  #bytes(path: string): string {
    return path === "" ? this.#root : `${this.#root}/${path}`;
  }

  lstat(path: string): Stats | undefined {
    return lstatSync(this.hostPath(path), { throwIfNoEntry: false });
  }

  /** The real path of the directory `names`; what is missing is made, with the time of the entry that needs it.
   * @throws {LayerError} `INVALID_TAR` when a file or an endless link is in the way */
  enter(names: readonly string[], mtimeNs: bigint): string {
    const literal = names.join("/");
    if (this.#known.has(literal)) return literal;
    return this.#walk(names, (path, under) => this.#makeImplied(path, under, mtimeNs))!;
  }

  /** Like `enter`, but makes nothing: undefined when there is no such directory. */
  find(names: readonly string[]): string | undefined {
    return this.#walk(names, undefined);
  }

  #walk(
    names: readonly string[],
    make: ((path: string, isUnder: boolean) => void) | undefined,
  ): string | undefined {
    const todo = names.toReversed();
    let links = 0;
    let at = "";
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === "" || name === ".") continue;
      const next = name === ".." ? parentPath(at) : joinPath(at, name);
      const found = this.#known.has(next) ? "directory" : this.#look(next);
      if (found === "directory") at = next;
      else if (typeof found === "object") {
        if (++links > linkLimit) throw notDirectory("too many links on the way");
        if (found.link.startsWith("/")) at = "";
        todo.push(...found.link.split("/").toReversed());
      } else if (found === "other") throw notDirectory(`${quotePath(next)} is no directory`);
      else if (!make) return undefined;
      else {
        make(next, found === "directory-below");
        at = next;
      }
    }
    return at;
  }

  #look(path: string): "directory" | "directory-below" | "absent" | "other" | { link: string } {
    const stat = this.lstat(path);
    if (stat?.isDirectory()) {
      this.#add(path);
      return "directory";
    }
    if (stat?.isSymbolicLink()) return { link: readlinkSync(this.hostPath(path), "latin1") };
    if (stat) return isWhiteout(stat) ? "absent" : "other";
    const below = this.#lstatBelow(path);
    if (below?.type === "directory") return "directory-below";
    if (below?.type === "symlink") return { link: this.#options.under!.readlink(`/${path}`) };
    return below ? "other" : "absent";
  }

  #lstatBelow(path: string): ReturnType<FileTree["lstat"]> {
    return this.#known.get(parentPath(path))?.isMerged ? this.#options.under?.lstat(`/${path}`) : undefined;
  }

  #makeImplied(path: string, isBelow: boolean, mtimeNs: bigint): void {
    this.make(path, isBelow ? this.#copyBelow(path) : { mode: 0o755, uid: 0, gid: 0, mtimeNs, xattrs: [] });
  }

  #copyBelow(path: string): DirectoryMetadata {
    const { mode, uid, gid, mtimeNs } = this.#options.under!.lstat(`/${path}`)!;
    const xattrs = this.#options.under!.xattrs(`/${path}`).filter(({ name }) => isContentXattr(name));
    return { mode, uid, gid, mtimeNs, xattrs };
  }

  /** Makes a directory, or takes over the one that is there. One that replaces something of another type hides the
   * directory below, for that was hidden already. */
  make(path: string, metadata: DirectoryMetadata): void {
    const known = this.#known.get(path) ?? this.#makeNew(path);
    known.metadata = metadata;
  }

  #makeNew(path: string): KnownDirectory {
    if (this.#tryMake(path)) return this.#add(path, true);
    if (this.lstat(path)!.isDirectory()) return this.#add(path);
    this.remove(path);
    mkdirSync(this.hostPath(path), 0o700);
    const known = this.#add(path, true);
    if (this.#options.hasLower) hideBelow(known);
    return known;
  }

  #add(path: string, isNew = false): KnownDirectory {
    const isMerged = this.#lstatBelow(path)?.type === "directory";
    const known: KnownDirectory = { isNew, metadata: undefined, isMerged, isOpaque: false };
    this.#known.set(path, known);
    return known;
  }

  #tryMake(path: string): boolean {
    try {
      mkdirSync(this.hostPath(path), 0o700);
      return true;
    } catch (error) {
      if (isErrno(error, "EEXIST")) return false;
      throw error;
    }
  }

  /** Marks a directory of the target: nothing of lower layers is seen in it. */
  setOpaque(path: string): void {
    hideBelow(this.#known.get(path) ?? this.#add(path));
  }

  /** Removes what is at `path`, if anything. */
  remove(path: string): void {
    this.#freedBytes += removeTree(this.#bytes(path));
    if (!this.#known.delete(path)) return;
    for (const known of this.#known.keys()) if (known.startsWith(`${path}/`)) this.#known.delete(known);
  }

  /** Removes a directory that was at `path`, in a directory of `enter`, before anything came from here. */
  removeDirectory(path: string): void {
    if (this.#known.get(parentPath(path))?.isNew) return;
    if (this.lstat(path)?.isDirectory()) this.remove(path);
  }

  /** Bytes of files that were removed again. */
  get freedBytes(): number {
    return this.#freedBytes;
  }

  /** Gives every directory its owner, mode, attributes and times, inner ones first.
   * @param guard runs the work for one directory, and says which one failed */
  finish(
    guard: (work: () => void, subject: { path: string; metadata: DirectoryMetadata | undefined }) => void,
  ): void {
    for (const path of [...this.#known.keys()].sort().toReversed()) {
      const known = this.#known.get(path)!;
      guard(() => this.#finishOne(path, known), { path, metadata: known.metadata });
    }
  }

  #finishOne(path: string, { metadata, isOpaque }: KnownDirectory): void {
    const host = this.hostPath(path);
    if (metadata) {
      lchownSync(host, metadata.uid, metadata.gid);
      chmodSync(host, metadata.mode);
      for (const xattr of metadata.xattrs) this.#options.applyXattr(host, xattr);
    }
    if (isOpaque) setXattr(host, this.#options.opaqueXattr, Buffer.from("y"));
    if (metadata) setTimes(host, metadata.mtimeNs);
  }
}

function hideBelow(directory: KnownDirectory): void {
  directory.isOpaque = true;
  directory.isMerged = false;
}

/** Is this how overlayfs hides a name of lower layers? */
export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

function notDirectory(reason: string): LayerError {
  return new LayerError("INVALID_TAR", reason);
}
