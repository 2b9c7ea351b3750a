import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  openSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { deviceNumber, type HostPath, makeNode, setTimes, setXattr } from "../sys/index.ts";
import { type FileTree, isContentXattr, type Xattr } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { quotePath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import type { OpaqueXattr } from "./overlay-xattrs.ts";
import type { TarEntry } from "./tar-entry.ts";
import { joinPath, splitTarPath } from "./tar-path.ts";
import type { TarHandler } from "./tar-reader.ts";
import { isWhiteout, TargetDirectories } from "./target-directories.ts";
import { parseTarName } from "./whiteout.ts";

export interface UnpackerOptions {
  /** Do whiteout names have their meaning, so that a layer in overlayfs form is made? */
  readonly hasWhiteouts: boolean;
  readonly opaqueXattr: OpaqueXattr;
  readonly under?: FileTree | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly limits: { readonly unpackedBytes: number; readonly entries: number };
}

const newFile = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/** Writes the entries of a tar below `root` (bytes, latin1), an existing directory. Nothing outside of it is touched, whatever
 * the archive says. A later entry of a name replaces the earlier one. Call `finish` after the last entry. */
export class TreeUnpacker implements TarHandler {
  readonly #options: UnpackerOptions;
  readonly #directories: TargetDirectories;
  /** The file that is being written; undefined while an entry has no data of interest. */
  #file: { readonly fd: number; readonly host: HostPath; readonly entry: TarEntry } | undefined;
  #entry: TarEntry | undefined;
  #writtenBytes = 0;
  #entries = 0;
  /** What the kernel did not allow here: device nodes in a user namespace, and attributes. */
  skippedDevices = 0;
  skippedXattrs = 0;

  constructor(root: string, options: UnpackerOptions) {
    this.#options = options;
    this.#directories = new TargetDirectories(root, {
      opaqueXattr: options.opaqueXattr,
      under: options.under,
      hasLower: options.hasWhiteouts || options.under !== undefined,
      applyXattr: (path, xattr) => this.#applyXattr(path, xattr),
    });
  }

  /** Sum of the sizes of the files that are there. */
  get sizeBytes(): number {
    return this.#writtenBytes - this.#directories.freedBytes;
  }

  get entries(): number {
    return this.#entries;
  }

  entry(found: TarEntry): void {
    const entry = { ...found, ...this.#options.owner };
    this.#entry = entry;
    this.#guard(() => {
      this.#count(entry);
      this.#place(entry, splitTarPath(entry.path));
    });
  }

  /** What `entry` does for a file, but for the file itself, which the caller makes: where it says, in place of what file may be there.
   * @returns the path below the root, which begins with a slash and leads through real directories */
  prepareFile(entry: TarEntry): string {
    let path = "";
    this.#guard(() => {
      this.#count(entry);
      const names = splitTarPath(entry.path);
      const parent = this.#directories.enter(names.slice(0, -1), entry.mtimeNs);
      path = joinPath(parent, names.at(-1) ?? "");
      this.#directories.removeDirectory(path);
    }, entry);
    return `/${path}`;
  }

  data(chunk: Buffer, position: number): void {
    const { fd } = this.#file ?? {};
    if (fd === undefined) return;
    this.#guard(() => {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at, chunk.length - at, position + at);
    });
  }

  entryEnd(): void {
    if (!this.#file) return;
    const { fd, host, entry } = this.#file;
    this.#guard(() => {
      fchownSync(fd, entry.uid, entry.gid);
      fchmodSync(fd, entry.mode);
      for (const xattr of entry.xattrs) this.#applyXattr(host, xattr);
      this.#setFileTimes(fd, host, entry.mtimeNs);
    });
    this.close();
  }

  /** Gives the directories their owners, modes and times. */
  finish(): void {
    this.#directories.finish((work, { path, metadata }) => this.#guard(work, { path, ...metadata }));
  }

  /** Closes the file that an error left open. */
  close(): void {
    if (this.#file) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  #count(entry: TarEntry): void {
    const { limits } = this.#options;
    this.#entries++;
    if (this.#entries > limits.entries) throw exceeds(`more than ${limits.entries} entries`);
    this.#writtenBytes += entry.sizeBytes;
    if (this.#writtenBytes > limits.unpackedBytes) throw exceeds(`more than ${limits.unpackedBytes} bytes`);
  }

  #place(entry: TarEntry, names: string[]): void {
    const last = names.at(-1);
    // The root itself is the layer's directory: as everywhere, its entry is passed over.
    if (last === undefined) return;
    const { hasWhiteouts } = this.#options;
    const meaning = hasWhiteouts ? parseTarName(names) : ({ kind: "entry" } as const);
    if (meaning.kind === "ignored") return;
    const parent = this.#directories.enter(names.slice(0, -1), entry.mtimeNs);
    if (meaning.kind === "opaque") this.#directories.setOpaque(parent);
    else if (meaning.kind === "whiteout") this.#hide(joinPath(parent, meaning.name), entry);
    else this.#make(joinPath(parent, last), entry);
  }

  /** A whiteout says nothing about files of its own layer. */
  #hide(path: string, entry: TarEntry): void {
    const stat = this.#directories.lstat(path);
    if (stat?.isDirectory()) this.#directories.setOpaque(path);
    if (stat) return;
    const host = this.#directories.hostPath(path);
    makeNode(host, { type: "character", mode: 0, rdev: 0 });
    setTimes(host, entry.mtimeNs);
  }

  #make(path: string, entry: TarEntry): void {
    switch (entry.type) {
      case "file":
        return this.#openFile(path, entry);
      case "directory":
        return this.#directories.make(path, entry);
      case "hardlink":
        return this.#link(path, entry);
      case "symlink":
        this.#replacing(path, (host) => symlinkSync(Buffer.from(entry.linkPath, "latin1"), host));
        return this.#setMetadata(path, entry);
      case "fifo":
        this.#replacing(path, (host) => makeNode(host, { type: "fifo", mode: entry.mode }));
        return this.#setMetadata(path, entry);
      case "character-device":
      case "block-device":
        return this.#makeDevice(path, entry);
      default:
        return entry.type satisfies never;
    }
  }

  #openFile(path: string, entry: TarEntry): void {
    this.#replacing(path, (host) => {
      this.#file = { fd: openSync(host, newFile, 0o600), host, entry };
    });
    if (entry.isSparse) ftruncateSync(this.#file!.fd, entry.sizeBytes);
  }

  #link(path: string, entry: TarEntry): void {
    const names = splitTarPath(entry.linkPath);
    const parent = this.#directories.find(names.slice(0, -1));
    const target = parent === undefined ? undefined : joinPath(parent, names.at(-1) ?? "");
    if (target === path) return;
    const stat = target === undefined ? undefined : this.#directories.lstat(target);
    if (stat === undefined || stat.isDirectory() || isWhiteout(stat)) {
      throw new LayerError("INVALID_TAR", `no file ${quotePath(entry.linkPath)} to link to`);
    }
    this.#replacing(path, (host) => linkSync(this.#directories.hostPath(target!), host));
  }

  /** The device 0:0 is a whiteout for overlayfs, so no layer can hold it. */
  #makeDevice(path: string, entry: TarEntry): void {
    const rdev = deviceNumber(entry.deviceMajor, entry.deviceMinor);
    const type = entry.type === "block-device" ? "block" : "character";
    try {
      if (rdev === 0 && type === "character") this.skippedDevices++;
      else {
        this.#replacing(path, (host) => makeNode(host, { type, mode: entry.mode, rdev }));
        this.#setMetadata(path, entry);
      }
    } catch (error) {
      if (!isErrno(error, "EPERM")) throw error;
      this.skippedDevices++;
    }
  }

  /** Owner, then mode (chown clears setuid), then attributes (chown drops capabilities), then times. */
  #setMetadata(path: string, entry: TarEntry): void {
    const host = this.#directories.hostPath(path);
    lchownSync(host, entry.uid, entry.gid);
    for (const xattr of entry.xattrs) this.#applyXattr(host, xattr);
    setTimes(host, entry.mtimeNs);
  }

  /** Makes something new at `path`, in place of what an earlier entry left there. */
  #replacing(path: string, make: (host: HostPath) => void): void {
    const host = this.#directories.hostPath(path);
    try {
      make(host);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      this.#directories.remove(path);
      make(host);
    }
  }

  #applyXattr(path: HostPath, { name, value }: Xattr): void {
    if (!isContentXattr(name)) return;
    try {
      setXattr(path, name, value);
    } catch (error) {
      // Without privilege, on this file system, or for this type of file: as containerd, go on without.
      if (!isErrno(error, "EPERM", "ENOTSUP", "EOPNOTSUPP")) throw error;
      this.skippedXattrs++;
    }
  }

  /** Whole seconds are exact in Node; everything else needs the system call. */
  #setFileTimes(fd: number, host: HostPath, mtimeNs: bigint): void {
    if (mtimeNs % 1_000_000_000n !== 0n || mtimeNs < 0n) setTimes(host, mtimeNs);
    else {
      const seconds = Number(mtimeNs / 1_000_000_000n);
      futimesSync(fd, seconds, seconds);
    }
  }

  /** Says which entry failed; errors of the system become errors of this room. */
  #guard(work: () => void, subject: Subject = this.#entry!): void {
    try {
      work();
    } catch (error) {
      throw describe(error, subject);
    }
  }
}

/** What was being unpacked when something failed. */
type Subject = { readonly path: string; readonly uid?: number; readonly gid?: number };

/** Errors of what is inside say the reason only; here the entry is named. */
function describe(error: unknown, { path, uid, gid }: Subject): LayerError {
  const what = `Cannot unpack ${quotePath(path)}`;
  if (error instanceof LayerError)
    return new LayerError(error.code, `${what}: ${error.message}`, { cause: error });
  if (isErrno(error, "EINVAL") && error.syscall?.endsWith("chown")) {
    return new LayerError("UNMAPPED_OWNER", `${what}: the user namespace has no owner ${uid}:${gid}`, {
      cause: error,
      hint: "give the user more subordinate ids in /etc/subuid and /etc/subgid",
    });
  }
  if (isErrno(error, "ENOSPC", "EDQUOT"))
    return new LayerError("NO_SPACE", `${what}: no space left on device`, { cause: error });
  const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new LayerError("WRITE_FAILED", `${what}: ${reason}`, { cause: error });
}

function exceeds(reason: string): LayerError {
  return new LayerError("LIMIT_EXCEEDED", `the archive has ${reason}`);
}
