import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { getSystemErrorMap } from "node:util";
import { isNativeLoaded, type LinkStat, lstatNames } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";
import type { FileTree, FileType, TreePath, TreeStat, Xattr } from "./file-tree.ts";
import { TreeError } from "./tree-error.ts";
import { hostBytes, joinTreePath, toBytes, toText } from "./tree-path.ts";

/** A directory of the host as a build context shows it: every file belongs to 0:0 and has no extended attributes. Nothing
 * is kept in memory: each call asks the file system.
 * Every member but `lstat` of a path that is not there throws {TreeError} `NOT_FOUND`; where the system refuses, `UNREADABLE`. */
export class DirectoryTree implements FileTree {
  readonly #root: string;
  readonly #isLarge: () => boolean;
  #isNative: boolean | undefined;
  /** Files that `lstatNames` was asked for. */
  #asked = 0;

  /** @param root absolute path of the host
   * @param isLarge asked once at most: are there likely some thousand files to look at, so that native code is worth its load? */
  constructor(root: string, isLarge = () => false) {
    this.#isLarge = isLarge;
    this.#root = toBytes(root === "/" ? "" : root.replace(/\/+$/, ""));
  }

  lstat(path: TreePath): TreeStat | undefined {
    const host = this.#host(path);
    try {
      const stats = lstatSync(host, { bigint: true, throwIfNoEntry: false });
      return stats && toTreeStat(stats, ROOT);
    } catch (error) {
      if (isErrno(error, "ENOTDIR", "ENAMETOOLONG")) return undefined;
      throw unreadable(host, error);
    }
  }

  lstatNames(directory: TreePath, names: readonly string[]): readonly (TreeStat | undefined)[] {
    const one = (name: string) => this.lstat(joinTreePath(directory, name));
    return (
      this.#lookAt(directory, names)?.map((stats, index) =>
        stats ? toTreeStat(stats, ROOT) : one(names[index]!),
      ) ?? names.map(one)
    );
  }

  readdir(path: TreePath): readonly string[] {
    const host = this.#host(path);
    try {
      return readdirSync(host, "latin1").sort();
    } catch (error) {
      throw unreadable(host, error);
    }
  }

  readlink(path: TreePath): string {
    const host = this.#host(path);
    try {
      return readlinkSync(host, "latin1");
    } catch (error) {
      throw unreadable(host, error);
    }
  }

  hostPath(path: TreePath): Buffer {
    return Buffer.from(this.#root + path, "latin1");
  }

  xattrs(): readonly Xattr[] {
    return [];
  }

  /** What native code says, where it is there or pays; undefined where Node is to be asked for one after the other. */
  #lookAt(directory: TreePath, names: readonly string[]): (LinkStat | undefined)[] | undefined {
    this.#isNative ??= this.#isNativeWanted(names.length);
    if (!this.#isNative) return undefined;
    try {
      return lstatNames(this.hostPath(directory), names);
    } catch {
      this.#isNative = false;
      return undefined;
    }
  }

  /** Undefined while too few files were asked for to say. */
  #isNativeWanted(asked: number): boolean | undefined {
    if (isNativeLoaded()) return true;
    this.#asked += asked;
    return this.#asked < SOME ? undefined : this.#isLarge();
  }

  #host(path: TreePath): string | Buffer {
    return hostBytes(this.#root + path);
  }
}

/** A walk over fewer files is soon done, however large the directory may be. */
const SOME = 300;

const ROOT = { uid: 0, gid: 0 };

/** What the system says of a file, in a tree's words.
 * @param owner absent: as it is on the host */
export function toTreeStat(stats: BigIntStats | LinkStat, owner?: { uid: number; gid: number }): TreeStat {
  const mode = Number(stats.mode);
  return {
    type: FILE_TYPES[mode & 0o170000] ?? "file",
    mode: mode & 0o7777,
    uid: owner ? owner.uid : Number(stats.uid),
    gid: owner ? owner.gid : Number(stats.gid),
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    dev: Number(stats.dev),
    ino: Number(stats.ino),
    nlink: Number(stats.nlink),
    rdev: Number(stats.rdev),
    isBlock: (mode & 0o170000) === 0o060000,
  };
}

const FILE_TYPES: Readonly<Record<number, FileType>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
  0o020000: "device",
  0o060000: "device",
  0o010000: "fifo",
  0o140000: "socket",
};

/** A failed system call on a file that somebody named, with its path and the reason in words. */
export function unreadable(host: string | Buffer, cause: unknown): unknown {
  if (!(cause instanceof Error && "code" in cause)) return cause;
  const path = typeof host === "string" ? toText(host) : host.toString("utf8");
  const code = isErrno(cause, "ENOENT", "ENOTDIR") ? "NOT_FOUND" : "UNREADABLE";
  return new TreeError(code, `Cannot read "${path}": ${reason(cause as NodeJS.ErrnoException)}`, { cause });
}

function reason(error: NodeJS.ErrnoException): string {
  const known = error.errno === undefined ? undefined : getSystemErrorMap().get(-Math.abs(error.errno));
  return known?.[1] ?? error.message;
}
