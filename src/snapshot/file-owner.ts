import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Owner } from "../llb/index.ts";
import { type FileTree, resolveInTree, toTreePath } from "../tree/index.ts";

export interface NumericOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Numbers for the owner of a file action, names looked up in the tree's own files. As in BuildKit a user brings its primary group,
 * a number is also the group, and an unknown name is 0. */
export function resolveOwner(tree: FileTree, owner: Owner | undefined): NumericOwner | undefined {
  if (!owner) return undefined;
  const { user = 0, group } = owner;
  const found =
    typeof user === "number" ? { uid: user, gid: user } : (findUser(tree, user) ?? { uid: 0, gid: 0 });
  if (group === undefined) return found;
  if (typeof group === "number") return { ...found, gid: group };
  return { ...found, gid: findGroup(tree, group) ?? found.gid };
}

function findUser(tree: FileTree, name: string): NumericOwner | undefined {
  const [, , uid, gid] = findLine(tree, "/etc/passwd", name) ?? [];
  return uid === undefined ? undefined : { uid: toId(uid), gid: toId(gid ?? "") };
}

function findGroup(tree: FileTree, name: string): number | undefined {
  const [, , gid] = findLine(tree, "/etc/group", name) ?? [];
  return gid === undefined ? undefined : toId(gid);
}

function toId(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}

function findLine(tree: FileTree, path: string, name: string): string[] | undefined {
  for (const line of readSmallFile(tree, path).split("\n")) {
    const fields = line.split(":");
    if (fields[0] === name) return fields;
  }
  return undefined;
}

const LIMIT_BYTES = 1024 * 1024;

/** Empty when the file is missing or no regular one. */
function readSmallFile(tree: FileTree, path: string): string {
  const resolved = resolveInTree(tree, toTreePath(path));
  if (tree.lstat(resolved)?.type !== "file") return "";
  const fd = openSync(tree.hostPath(resolved), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.alloc(LIMIT_BYTES);
    return buffer.toString("utf8", 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
}
