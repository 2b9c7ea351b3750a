import type { HostPath } from "./host-path.ts";
import { AT_FDCWD, cString, check, declare } from "./libc.ts";

const openat2Call = declare("syscall", "long", ["long", "int", "void *", "void *", "size_t"]);

const SYS_OPENAT2 = 437; // the same on every architecture
const O_CLOEXEC = 0o2000000;

/** How a path is resolved; openat2(2). */
export const Resolve = {
  NO_XDEV: 0x01,
  NO_MAGICLINKS: 0x02,
  NO_SYMLINKS: 0x04,
  BENEATH: 0x08,
  /** The directory is `/`: `..` and absolute links cannot leave it. */
  IN_ROOT: 0x10,
} as const;

/** Opens `path` below the directory `dirfd` (default: working directory) under the kernel's own restrictions, free of races.
 * The descriptor is closed on exec; the caller closes it.
 * @param options.flags `O_*` of `fs.constants`
 * @param options.resolve `Resolve` bits, or-ed
 * @throws {SysError} `ENOSYS` before Linux 5.6 */
export function openat2(
  path: HostPath,
  options: { dirfd?: number; flags: number; mode?: number; resolve: number },
): number {
  const [name, how] = [cString(path), Buffer.alloc(24)];
  how.writeBigUInt64LE(BigInt(options.flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(options.mode ?? 0), 8);
  how.writeBigUInt64LE(BigInt(options.resolve), 16);
  return check({ syscall: "openat2", doing: "open", path }, () =>
    openat2Call(SYS_OPENAT2, options.dirfd ?? AT_FDCWD, name, how, how.length),
  );
}
