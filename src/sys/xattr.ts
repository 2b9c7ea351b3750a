import { constants } from "node:os";
import type { HostPath } from "./host-path.ts";
import { attempt, cString, check, declare } from "./libc.ts";
import { SysError } from "./sys-error.ts";

const getCall = declare("lgetxattr", "long", ["void *", "void *", "void *", "size_t"]);
const setCall = declare("lsetxattr", "int", ["void *", "void *", "void *", "size_t", "int"]);
const listCall = declare("llistxattr", "long", ["void *", "void *", "size_t"]);
const removeCall = declare("lremovexattr", "int", ["void *", "void *"]);

/** The kernel's XATTR_SIZE_MAX and XATTR_LIST_MAX. */
const LIMIT = 65536;
/** Calls are synchronous, so one buffer serves all. */
const scratch = Buffer.alloc(LIMIT);

/** Names of the extended attributes of `path` itself (links are not followed), in the kernel's order. A file system
 * without attributes has none.
 * @throws {SysError} */
export function listXattrs(path: HostPath): string[] {
  const { result, errno } = attemptList(path);
  if (errno === constants.errno.ENOTSUP) return [];
  if (errno !== 0) throw new SysError({ syscall: "llistxattr", doing: "list attributes of", path }, errno);
  if (result === 0) return [];
  return scratch.toString("latin1", 0, result - 1).split("\0");
}

function attemptList(path: HostPath): { result: number; errno: number } {
  const file = cString(path);
  return attempt(() => listCall(file, scratch, LIMIT));
}

/** Bytes of one attribute, or undefined when the file has no such attribute (or its file system none at all).
 * @throws {SysError} */
export function getXattr(path: HostPath, name: string): Buffer | undefined {
  const [file, key] = [cString(path), cString(latin1(name))];
  const { result, errno } = attempt(() => getCall(file, key, scratch, LIMIT));
  if (errno === constants.errno.ENODATA || errno === constants.errno.ENOTSUP) return undefined;
  if (errno !== 0)
    throw new SysError({ syscall: "lgetxattr", doing: `read attribute "${name}" of`, path }, errno);
  return Buffer.from(scratch.subarray(0, result));
}

/** Sets or replaces one attribute of `path` itself.
 * @throws {SysError} `EPERM` without the privilege, `ENOTSUP` where the file system or the file's type has none */
export function setXattr(path: HostPath, name: string, value: Uint8Array): void {
  const [file, key] = [cString(path), cString(latin1(name))];
  check({ syscall: "lsetxattr", doing: `set attribute "${name}" of`, path }, () =>
    setCall(file, key, value, value.length, 0),
  );
}

/** Removes one attribute; its absence is no error.
 * @throws {SysError} */
export function removeXattr(path: HostPath, name: string): void {
  const [file, key] = [cString(path), cString(latin1(name))];
  const { errno } = attempt(() => removeCall(file, key));
  if (errno === 0 || errno === constants.errno.ENODATA) return;
  throw new SysError({ syscall: "lremovexattr", doing: `remove attribute "${name}" of`, path }, errno);
}

function latin1(name: string): Buffer {
  return Buffer.from(name, "latin1");
}
