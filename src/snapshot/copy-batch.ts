import { closeSync, linkSync } from "node:fs";
import { linkFiles } from "../sys/index.ts";
import { hostBytes, openFound, type TreePath } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import type { CopiedBytes } from "./copy-bytes.ts";
import { createFile, type Creator, currentCreator, type FileCopy, requireRegularFile } from "./copy-file.ts";
import { FileActionError } from "./file-action-error.ts";
import { type ReplacedFile, replaceFile } from "./replace-file.ts";
import { openDirectory, type OpenSource } from "./source-tree.ts";

/** Regular files of a new layer, whose directories are there, to be made in this thread or another: plain data. */
export interface CopyBatch {
  /** Host path of the directory that is copied from. */
  readonly root: string;
  /** Roots of the new layer, and of the earlier one that it shares files with, in latin1. */
  readonly output: string;
  readonly earlier: string;
  /** Files to share: they lie at the same place in both layers. */
  readonly links: readonly TreePath[];
  readonly copies: readonly BatchedCopy[];
}

export interface BatchedCopy extends FileCopy {
  /** Where it lies in the source. */
  readonly path: TreePath;
  readonly target: TreePath;
}

/** What became of a batch. */
export interface CopiedBatch {
  /** A time before the first byte was read. */
  readonly readAtMs: number;
  /** Hex sha256 of each of the copies. */
  readonly digests: readonly string[];
  /** Indices of the links that could not be made. */
  readonly notLinked: readonly number[];
  /** Of the copies. */
  readonly sizeBytes: number;
  readonly isRewritten: boolean;
}

/** Makes the files of a batch from the directory that it names.
 * @throws {FileActionError} | {TreeError} */
export function copyFromDirectory(batch: CopyBatch): CopiedBatch {
  using source = openDirectory({ root: batch.root, excludePatterns: [] });
  return copyBatch(batch, source, currentCreator());
}

/** Makes the files of a batch.
 * @throws {FileActionError} | {TreeError} */
export function copyBatch(
  { output, earlier, links, copies }: CopyBatch,
  source: OpenSource,
  creator: Creator,
): CopiedBatch {
  const readAtMs = Date.now();
  let isRewritten = false;
  let sizeBytes = 0;
  const notLinked: number[] = [];
  for (const index of linkFiles(earlier, output, links)) {
    const target = links[index]!;
    const linked = tryLink(hostBytes(earlier + target), { target, host: hostBytes(output + target) });
    if (!linked) notLinked.push(index);
    else isRewritten ||= linked.isRewritten;
  }
  const digests = copies.map((file) => {
    const { value, isRewritten: isOver } = copyFile(file, hostBytes(output + file.target), source, creator);
    isRewritten ||= isOver;
    sizeBytes += value.sizeBytes;
    return value.digest;
  });
  return { readAtMs, digests, notLinked, sizeBytes, isRewritten };
}

/** Undefined where the kernel does not share the file. */
export function tryLink(
  from: string | Buffer,
  { target, host }: { target: TreePath; host: string | Buffer },
): ReplacedFile<void> | undefined {
  try {
    return replaceFile(target, host, () => linkSync(from, host));
  } catch (error) {
    const cause = error instanceof FileActionError ? error.cause : error;
    if (isErrno(cause, "EMLINK", "EXDEV", "EPERM", "ENOENT")) return undefined;
    throw error;
  }
}

/** Copies a regular file to `host`, in place of whatever file is there.
 * @throws {FileActionError} | {TreeError} */
export function copyFile(
  file: BatchedCopy,
  host: string | Buffer,
  source: OpenSource,
  creator: Creator,
): ReplacedFile<CopiedBytes> {
  const fd = openFound(file.path, () => source.open(file.path));
  try {
    requireRegularFile(fd, file.path);
    return replaceFile(file.target, host, () => createFile(host, fd, file, creator));
  } finally {
    closeSync(fd);
  }
}
