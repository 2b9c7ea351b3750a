import { chmodSync, mkdirSync } from "node:fs";
import type { HostPath } from "./host-path.ts";
import { AT_FDCWD, cString, check, declare } from "./libc.ts";

// By number: `mknod` is no symbol of glibc before 2.33.
const mknodCall = declare("syscall", "long", ["long", "int", "void *", "uint", "uint"]);
const SYS_MKNODAT: Readonly<Record<string, number>> = {
  x64: 259,
  arm: 324,
  ia32: 297,
  ppc64: 288,
  s390x: 290,
};
const SYS_MKNODAT_GENERIC = 33; // arm64, riscv64, loong64

const TYPE_BITS = { character: 0o020000, block: 0o060000, fifo: 0o010000, socket: 0o140000 } as const;

export interface SpecialFile {
  readonly type: "character" | "block" | "fifo" | "socket";
  /** Permission bits, `0o7777`; set exactly, whatever the umask. */
  readonly mode: number;
  /** Device number as in `Stats.rdev`; see `deviceNumber`. 0 is a whiteout when `type` is "character". */
  readonly rdev?: number;
}

/** Creates a device node, fifo or socket.
 * @throws {SysError} `EEXIST`; `EPERM` for a device without the privilege (0:0 is allowed everywhere since Linux 5.8) */
export function makeNode(path: HostPath, file: SpecialFile): void {
  const number = SYS_MKNODAT[process.arch] ?? SYS_MKNODAT_GENERIC;
  const [name, mode] = [cString(path), TYPE_BITS[file.type] | (file.mode & 0o7777)];
  check({ syscall: "mknodat", doing: `create ${file.type} file`, path }, () =>
    mknodCall(number, AT_FDCWD, name, mode, file.rdev ?? 0),
  );
  chmodSync(path, file.mode & 0o7777); // the umask was taken off
}

/** Creates a fifo with exactly this mode.
 * @throws {SysError} */
export function makeFifo(path: HostPath, mode: number): void {
  makeNode(path, { type: "fifo", mode });
}

/** Creates one directory with exactly this mode (setgid and sticky too), whatever the umask and the parent's setgid bit.
 * @throws the file system error (`EEXIST`) */
export function makeDirectory(path: HostPath, mode: number): void {
  mkdirSync(path, { mode: mode & 0o777 });
  chmodSync(path, mode & 0o7777);
}

/** Joins a device number the way stat(2) and mknod(2) carry it (12 bits of major, 20 of minor). */
export function deviceNumber(major: number, minor: number): number {
  return (((minor & 0xff) | ((major & 0xfff) << 8)) + (minor & 0xfff00) * 0x1000) >>> 0;
}

/** Splits `Stats.rdev`. */
export function splitDeviceNumber(rdev: number): { readonly major: number; readonly minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}
