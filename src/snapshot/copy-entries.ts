import { chmodSync, lchownSync } from "node:fs";
import { makeNode, setTimes } from "../sys/index.ts";
import { joinTreePath, type SelectedEntry, toText, type TreePath } from "../tree/index.ts";
import { applyXattrs } from "./apply-xattrs.ts";
import { copyFile, tryLink } from "./copy-batch.ts";
import { createFile } from "./copy-file.ts";
import { type CopyJob, fileCopyOf, modeOf, ownerOf } from "./copy-job.ts";
import { CopyQueue } from "./copy-queue.ts";
import { FileActionError } from "./file-action-error.ts";

/** Copies the entries of one source to `dest`, the place of the source itself, and tells of each when it was copied, with the digest
 * of its bytes; empty where it has none of its own.
 * @throws {FileActionError} | {TreeError} */
export async function copyEntries(
  job: CopyJob,
  entries: Iterable<SelectedEntry>,
  dest: TreePath,
  onCopied: (entry: SelectedEntry, digest: string) => void,
): Promise<void> {
  const place = (name: string) => (name === "" ? dest : joinTreePath(dest, name));
  const times: [TreePath, bigint][] = [];
  await using queue = new CopyQueue(job, onCopied);
  for (const entry of entries) {
    const target = place(entry.name);
    if (queue.isFull) await queue.next();
    if (entry.stat.type === "file" && entry.hardLinkTo === undefined) {
      if (job.source.isImmutable) queue.addMade(entry, copyImmutable(job, entry, target));
      else queue.addFile(entry, target);
      continue;
    }
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
        copySocket(job, entry, target);
        break;
      case "file":
        await queue.finish(); // it may be there only then
        job.layer.createLink(target, place(entry.hardLinkTo!));
        break;
    }
    queue.addMade(entry, "");
  }
  await queue.finish();
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

/** A file of a layer never changes, so the new layer may have the same one, if it is to be the same in everything.
 * @returns hex sha256 of the file's bytes */
function copyImmutable(job: CopyJob, entry: SelectedEntry, target: TreePath): string {
  return tryShare(job, entry, target) ?? copyNow(job, entry, target);
}

function tryShare({ layer, ...job }: CopyJob, entry: SelectedEntry, target: TreePath): string | undefined {
  const { stat, path } = entry;
  const { owner, mode, shared } = job;
  const isSame =
    (owner === undefined || (owner.uid === stat.uid && owner.gid === stat.gid)) &&
    (mode === undefined || mode.apply(stat.mode, false) === stat.mode);
  if (!isSame || shared.has(stat.ino)) return undefined;
  layer.prepareFile(target);
  const linked = tryLink(job.source.tree.hostPath(path), { target, host: layer.ownHostPath(target) });
  if (!linked) return undefined;
  layer.addFiles({ sizeBytes: stat.sizeBytes, isRewritten: linked.isRewritten });
  shared.add(stat.ino);
  return job.digests.digestOf(job.source, entry);
}

function copyNow(job: CopyJob, entry: SelectedEntry, target: TreePath): string {
  const { layer, source, creator } = job;
  layer.prepareFile(target);
  const file = { ...fileCopyOf(job, entry), path: entry.path, target };
  const { value, isRewritten } = copyFile(file, layer.ownHostPath(target), source, creator);
  layer.addFiles({ sizeBytes: value.sizeBytes, isRewritten });
  return value.digest;
}

/** A socket is copied as an empty file. */
function copySocket(job: CopyJob, entry: SelectedEntry, target: TreePath): void {
  job.layer.create(target, (host) => createFile(host, undefined, fileCopyOf(job, entry), job.creator));
}

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
