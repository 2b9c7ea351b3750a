import {
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
} from "node:fs";
import path from "node:path";
import type { ProcessUser, UserFiles } from "../executor/index.ts";
import { resolveInside } from "../snapshot/index.ts";
import { openat2, Resolve } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";

const USER_FILE_LIMIT = 4 << 20;

/** The image's own passwd and group. Links are followed inside the root only; what is no regular file, or huge, counts as absent. */
export function readUserFiles(root: string): UserFiles {
  return { passwd: readInside(root, "etc/passwd"), group: readInside(root, "etc/group") };
}

/** The first bytes of a regular file of the tree; undefined when there is none. */
export function readHead(root: string, file: string, limitBytes: number): Buffer | undefined {
  const fd = openInside(root, file.replace(/^\/+/, ""));
  if (fd === undefined) return undefined;
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(limitBytes);
    return bytes.subarray(0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

function readInside(root: string, file: string): string | undefined {
  const fd = openInside(root, file);
  if (fd === undefined) return undefined;
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > USER_FILE_LIMIT) return undefined;
    const bytes = Buffer.alloc(stat.size);
    return bytes.toString("utf8", 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

function openInside(root: string, file: string): number | undefined {
  const dirfd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // Non-blocking: a fifo in place of the file must not stop the worker.
    return openat2(file, {
      dirfd,
      flags: constants.O_RDONLY | constants.O_NONBLOCK,
      resolve: Resolve.IN_ROOT,
    });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "EACCES", "ENXIO")) return undefined;
    throw error;
  } finally {
    closeSync(dirfd);
  }
}

/** Creates the working directory if the tree has none: owned by the process's user, and part of the layer. */
export function ensureWorkingDirectory(root: string, cwd: string, user: ProcessUser): void {
  const missing: string[] = [];
  for (let place = resolveInside(root, cwd); place !== "/"; place = path.dirname(place)) {
    if (lstatSync(root + place, { throwIfNoEntry: false })) break;
    missing.unshift(root + place);
  }
  for (const directory of missing) {
    mkdirSync(directory, { mode: 0o755 });
    lchownSync(directory, user.uid, user.gid);
  }
}
