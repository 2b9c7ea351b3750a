import type { HostPath } from "./host-path.ts";
import { AT_FDCWD, cString, check, declare } from "./libc.ts";

const utimensatCall = declare("utimensat", "int", ["int", "void *", "void *", "int"]);

const futimensCall = declare("futimens", "int", ["int", "void *"]);

const BILLION = 1_000_000_000n;

/** Sets access and modification time of `path` itself to the nanosecond (links are not followed). Times before 1970 are negative.
 * @throws {SysError} */
export function setTimes(path: HostPath, mtimeNs: bigint, atimeNs: bigint = mtimeNs): void {
  const AT_SYMLINK_NOFOLLOW = 0x100;
  const [name, times] = [cString(path), Buffer.alloc(32)];
  writeTimespec(times, 0, atimeNs);
  writeTimespec(times, 16, mtimeNs);
  check({ syscall: "utimensat", doing: "set times of", path }, () =>
    utimensatCall(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW),
  );
}

/** Sets access and modification time of an open file to the nanosecond. For bulk work: a fifth of the cost of `setTimes`.
 * @throws {SysError} */
export function setDescriptorTimes(fd: number, mtimeNs: bigint): void {
  writeTimespec(descriptorTimes, 0, mtimeNs);
  writeTimespec(descriptorTimes, 16, mtimeNs);
  check({ syscall: "futimens", doing: `set times of descriptor ${fd}` }, () =>
    futimensCall(fd, descriptorTimes),
  );
}

/** Calls are synchronous, so one buffer serves all. */
const descriptorTimes = Buffer.alloc(32);

function writeTimespec(target: Buffer, offset: number, timeNs: bigint): void {
  const nanoseconds = ((timeNs % BILLION) + BILLION) % BILLION;
  target.writeBigInt64LE((timeNs - nanoseconds) / BILLION, offset);
  target.writeBigInt64LE(nanoseconds, offset + 8);
}
