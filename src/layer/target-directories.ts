import { chmodSync, lchownSync, lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";
import { type HostPath, setTimes, setXattr } from "../sys/index.ts";
import type { FileTree, Xattr } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { quotePath, toHostPath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import { removeTree } from "./remove-tree.ts";
import { joinPath, parentPath } from "./tar-path.ts";
import { isLayerXattr, type OpaqueXattr } from "./xattr-policy.ts";

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

/** The kernel's own limit. */
const linkLimit = 40;

/** The directories of a tree that is being unpacked. Paths are relative to the root, which is the empty string. Every path that
 * comes out of here consists of real directories of the target: links on the way are resolved inside the root, by an own walk
 * (the target is private to this process, so nothing changes under it). Owners, modes, attributes and times are
 * set at the end: until then nothing that is made inside inherits from them or is kept out by them. */
export class TargetDirectories {
  readonly #root: string;
  readonly #options: TargetOptions;
  /** Directories known to be real, with what they get at the end (undefined: they keep what they have). */
  readonly #known = new Map<string, DirectoryMetadata | undefined>([["", undefined]]);
  readonly #opaque = new Set<string>();
  #freedBytes = 0;

  constructor(root: string, options: TargetOptions) {
    this.#root = root;
    this.#options = options;
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
      this.#known.set(path, undefined);
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
    const { under } = this.#options;
    if (!under) return undefined;
    for (const opaque of this.#opaque) if (path.startsWith(`${opaque}/`)) return undefined;
    return under.lstat(`/${path}`);
  }

  #makeImplied(path: string, isBelow: boolean, mtimeNs: bigint): void {
    this.make(path, isBelow ? this.#copyBelow(path) : { mode: 0o755, uid: 0, gid: 0, mtimeNs, xattrs: [] });
  }

  #copyBelow(path: string): DirectoryMetadata {
    const { mode, uid, gid, mtimeNs } = this.#options.under!.lstat(`/${path}`)!;
    const xattrs = this.#options.under!.xattrs(`/${path}`).filter(({ name }) => isLayerXattr(name));
    return { mode, uid, gid, mtimeNs, xattrs };
  }

  /** Makes a directory, or takes over the one that is there. One that replaces something of another type hides the
   * directory below, for that was hidden already. */
  make(path: string, metadata: DirectoryMetadata): void {
    if (!this.#known.has(path) && !this.#tryMake(path) && !this.lstat(path)!.isDirectory()) {
      this.remove(path);
      mkdirSync(this.hostPath(path), 0o700);
      if (this.#options.hasLower) this.#opaque.add(path);
    }
    this.#known.set(path, metadata);
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

  /** Marks a directory that `enter` returned: nothing of lower layers is seen in it. */
  setOpaque(path: string): void {
    this.#opaque.add(path);
  }

  /** Removes what is at `path`, if anything. */
  remove(path: string): void {
    this.#freedBytes += removeTree(this.#bytes(path));
    if (!this.#known.has(path)) return;
    for (const set of [this.#known, this.#opaque]) {
      for (const known of set.keys()) if (known === path || known.startsWith(`${path}/`)) set.delete(known);
    }
  }

  /** Bytes of files that were removed again. */
  get freedBytes(): number {
    return this.#freedBytes;
  }

  /** Gives every directory its owner, mode, attributes and times, inner ones first. */
  finish(): void {
    for (const path of [...this.#known.keys()].sort().toReversed())
      this.#finishOne(path, this.#known.get(path));
  }

  #finishOne(path: string, metadata: DirectoryMetadata | undefined): void {
    const host = this.hostPath(path);
    if (metadata) {
      lchownSync(host, metadata.uid, metadata.gid);
      chmodSync(host, metadata.mode);
      for (const xattr of metadata.xattrs) this.#options.applyXattr(host, xattr);
    }
    if (this.#opaque.has(path)) setXattr(host, this.#options.opaqueXattr, Buffer.from("y"));
    if (metadata) setTimes(host, metadata.mtimeNs);
  }
}

/** Is this how overlayfs hides a name of lower layers? */
export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

function notDirectory(reason: string): LayerError {
  return new LayerError("INVALID_TAR", reason);
}
