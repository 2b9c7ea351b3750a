import type { HostPath } from "./host-path.ts";
import { cString, check, declare } from "./libc.ts";

const mountCall = declare("mount", "int", ["void *", "void *", "void *", "ulong", "void *"]);
const umountCall = declare("umount2", "int", ["void *", "int"]);

/** Flags of mount(2). */
export const MountFlag = {
  READONLY: 0x1,
  NOSUID: 0x2,
  NODEV: 0x4,
  NOEXEC: 0x8,
  REMOUNT: 0x20,
  BIND: 0x1000,
  REC: 0x4000,
  PRIVATE: 0x40000,
  SLAVE: 0x80000,
} as const;

export interface MountOptions {
  /** File system type; empty for a bind or a change of flags. */
  readonly type?: string;
  readonly source?: HostPath;
  /** `MountFlag`s, or-ed. */
  readonly flags?: number;
  /** Options of the file system; the kernel takes at most a page (4095 bytes). */
  readonly data?: string;
}

/** mount(2) on `target`. Affects the mount namespace this process was started in.
 * @throws {SysError} */
export function mount(target: HostPath, options: MountOptions): void {
  const [type, source, data] = [options.type ?? "", options.source ?? options.type ?? "none", options.data];
  const args = [cString(source), cString(target), cString(type)] as const;
  check({ syscall: "mount", doing: `mount ${describe(type, options)} on`, path: target }, () =>
    mountCall(...args, options.flags ?? 0, data === undefined ? null : cString(data)),
  );
}

function describe(type: string, options: MountOptions): string {
  return type || (options.source === undefined ? "new flags" : JSON.stringify(options.source.toString()));
}

/** umount2(2). @param options.detach lazy: the mount vanishes now, and ends when nothing uses it
 * @throws {SysError} `EBUSY` while used, `EINVAL` when nothing is mounted there */
export function umount(target: HostPath, options: { detach?: boolean } = {}): void {
  const MNT_DETACH = 2;
  const UMOUNT_NOFOLLOW = 8;
  const flags = UMOUNT_NOFOLLOW | (options.detach ? MNT_DETACH : 0);
  const path = cString(target);
  check({ syscall: "umount2", doing: "unmount", path: target }, () => umountCall(path, flags));
}
