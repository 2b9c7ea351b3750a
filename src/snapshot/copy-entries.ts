import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lchownSync,
  linkSync,
  openSync,
} from "node:fs";
import { makeNode, setDescriptorTimes, setTimes } from "../sys/index.ts";
import { joinTreePath, type SelectedEntry, TreeError, toText, type TreePath } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { applyXattrs } from "./apply-xattrs.ts";
import { copyBytes } from "./copy-bytes.ts";
import type { CopyMemory } from "./copy-memory.ts";
import { FileActionError } from "./file-action-error.ts";
import type { ModeChange } from "./file-mode.ts";
import type { NumericOwner } from "./file-owner.ts";
import type { LayerDigests } from "./layer-digests.ts";
import type { NewLayer } from "./new-layer.ts";
import type { OpenSource } from "./source-tree.ts";

/** Everything that one copy needs to know. */
export interface CopyJob {
  readonly layer: NewLayer;
  readonly source: OpenSource;
  readonly owner: NumericOwner | undefined;
  readonly mode: ModeChange | undefined;
  readonly digests: LayerDigests;
  /** Inodes of sources that already share a file with the new layer: a second share would be a hard link that the source
   * does not have. */
  readonly shared: Set<number>;
  readonly creator: Creator;
  readonly memory: CopyMemory;
  /** What the copy changes of its files, as `CopyMemory` wants it. */
  readonly changes: string;
}

/** What the kernel gives to files that this process makes (in directories without the setgid bit). */
export interface Creator extends NumericOwner {
  readonly umask: number;
}

export function currentCreator(): Creator {
  return { uid: process.geteuid!(), gid: process.getegid!(), umask: process.umask() };
}

/** Copies the entries of one source to `dest`, the place of the source itself, and tells of each when it was copied, with the digest
 * of its bytes; empty where it has none of its own.
 * @throws {FileActionError} | {TreeError} */
export function copyEntries(
  job: CopyJob,
  entries: Iterable<SelectedEntry>,
  dest: TreePath,
  onCopied: (entry: SelectedEntry, digest: string) => void,
): void {
  const place = (name: string) => (name === "" ? dest : joinTreePath(dest, name));
  const times: [TreePath, bigint][] = [];
  for (const entry of entries) {
    const target = place(entry.name);
    let digest = "";
    switch (entry.stat.type) {
      case "directory":
        if (copyDirectory(job, entry, target)) times.push([target, entry.stat.mtimeNs]);
        break;
      case "symlink":
        job.layer.createSymlink(target, entry.linkTarget!);
        finishSpecial(job, entry, target);
        break;
      case "device":
      case "fifo":
        copySpecial(job, entry, target);
        break;
      case "socket":
      case "file":
        if (entry.hardLinkTo !== undefined) job.layer.createLink(target, place(entry.hardLinkTo));
        else digest = copyFile(job, entry, target);
        break;
    }
    onCopied(entry, digest);
  }
  for (const [directory, mtimeNs] of times) job.layer.setDirectoryTime(directory, mtimeNs);
}

/** A directory that exists gets the source's metadata too, unless the source itself is copied onto it: then this returns false. */
function copyDirectory(job: CopyJob, entry: SelectedEntry, target: TreePath): boolean {
  const existing = job.layer.lstat(target);
  if (existing && existing.type !== "directory")
    throw new FileActionError("WRONG_TYPE", `cannot copy to non-directory: ${toText(target)}`);
  const metadata = { ...ownerOf(job, entry), mode: modeOf(job, entry), xattrs: entry.xattrs };
  if (!existing) job.layer.makeDirectory(target, metadata);
  else if (entry.name !== "") job.layer.changeDirectory(target, metadata);
  else return false;
  return true;
}

/** Hex sha256 of the file's bytes. */
function copyFile(job: CopyJob, entry: SelectedEntry, target: TreePath): string {
  if (entry.stat.type === "socket") return writeFile(job, entry, target, undefined);
  return job.source.isImmutable
    ? (tryShare(job, entry, target) ?? readFile(job, entry, target))
    : copyMutable(job, entry, target);
}

/** A file of a layer never changes, so the new layer may have the same one, if it is to be the same in everything. */
function tryShare(job: CopyJob, entry: SelectedEntry, target: TreePath): string | undefined {
  const { stat, path } = entry;
  const { owner, mode, shared } = job;
  const isSame =
    (owner === undefined || (owner.uid === stat.uid && owner.gid === stat.gid)) &&
    (mode === undefined || mode.apply(stat.mode, false) === stat.mode);
  if (!isSame || shared.has(stat.ino)) return undefined;
  if (!tryLink(job, { host: job.source.tree.hostPath(path), sizeBytes: stat.sizeBytes }, target))
    return undefined;
  shared.add(stat.ino);
  return job.digests.digestOf(job.source, entry);
}

/** A file of the host may be shared with an earlier copy of it. */
function copyMutable(job: CopyJob, entry: SelectedEntry, target: TreePath): string {
  const { memory, changes } = job;
  const readAtMs = Date.now();
  const earlier = memory.find(target, entry.stat, changes);
  const isShared = earlier && tryLink(job, { host: earlier.host, sizeBytes: entry.stat.sizeBytes }, target);
  const digest = isShared ? earlier.digest : readFile(job, entry, target);
  memory.add(target, entry.stat, { changes, digest, readAtMs });
  return digest;
}

function tryLink({ layer }: CopyJob, from: { host: Buffer; sizeBytes: number }, target: TreePath): boolean {
  try {
    layer.create(target, (host) => linkSync(from.host, host));
  } catch (error) {
    const cause = error instanceof FileActionError ? error.cause : error;
    if (isErrno(cause, "EMLINK", "EXDEV", "EPERM", "ENOENT")) return false;
    throw error;
  }
  layer.addSize(from.sizeBytes);
  return true;
}

function readFile(job: CopyJob, entry: SelectedEntry, target: TreePath): string {
  const fd = job.source.open(entry.path);
  try {
    return writeFile(job, entry, target, fd);
  } finally {
    closeSync(fd);
  }
}

/** @param fromFd undefined: an empty file */
function writeFile(job: CopyJob, entry: SelectedEntry, target: TreePath, fromFd: number | undefined): string {
  if (fromFd !== undefined && !fstatSync(fromFd).isFile())
    throw new TreeError("UNREADABLE", `Cannot read "${toText(entry.path)}": it is no longer a regular file`);
  return job.layer.create(target, (host) => {
    const mode = modeOf(job, entry);
    const fd = openSync(host, EXCLUSIVE, mode & 0o777);
    try {
      const size = entry.stat.type === "socket" ? 0 : entry.stat.sizeBytes;
      const { digest, sizeBytes } = copyBytes(fromFd, fd, size);
      const { uid, gid } = ownerOf(job, entry);
      // not needed for most files, and bulk work feels each call: a new file belongs to this process
      const isOwn = uid === job.creator.uid && gid === job.creator.gid;
      if (!isOwn) lchownSync(host, uid, gid);
      if (!isOwn || (mode & (0o7000 | job.creator.umask)) !== 0) fchmodSync(fd, mode);
      applyXattrs(host, entry.xattrs);
      setDescriptorTimes(fd, entry.stat.mtimeNs);
      job.layer.addSize(sizeBytes);
      return digest;
    } finally {
      closeSync(fd);
    }
  });
}

const EXCLUSIVE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

function copySpecial(job: CopyJob, entry: SelectedEntry, target: TreePath): void {
  const { stat } = entry;
  const type = stat.type === "fifo" ? "fifo" : stat.isBlock ? "block" : "character";
  if (type === "character" && stat.rdev === 0)
    throw new FileActionError(
      "WRONG_TYPE",
      `Cannot copy "${toText(entry.path)}": a device 0:0 means a deleted file in a layer`,
    );
  job.layer.create(target, (host) => makeNode(host, { type, mode: 0o600, rdev: stat.rdev }));
  finishSpecial(job, entry, target);
}

function finishSpecial(job: CopyJob, entry: SelectedEntry, target: TreePath): void {
  const host = job.layer.ownHostPath(target);
  const { uid, gid } = ownerOf(job, entry);
  lchownSync(host, uid, gid);
  if (entry.stat.type !== "symlink") chmodSync(host, modeOf(job, entry));
  setXattrsAndTime(host, entry);
}

/** After owner and mode: a change of owner takes the setuid bit and capabilities away. */
function setXattrsAndTime(host: string | Buffer, { xattrs, stat }: SelectedEntry): void {
  applyXattrs(host, xattrs);
  setTimes(host, stat.mtimeNs);
}

function ownerOf({ owner }: CopyJob, { stat }: SelectedEntry): NumericOwner {
  return owner ?? { uid: stat.uid, gid: stat.gid };
}

function modeOf({ mode }: CopyJob, { stat }: SelectedEntry): number {
  return mode ? mode.apply(stat.mode, stat.type === "directory") : stat.mode;
}
