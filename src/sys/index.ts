export { copyFileRange } from "./copy-range.ts";
export { tryFlock } from "./flock.ts";
export type { HostPath } from "./host-path.ts";
export { isNativeLoaded } from "./libc.ts";
export { linkFiles } from "./link-files.ts";
export { type LinkStat, lstatNames } from "./lstat-names.ts";
export { MountFlag, type MountOptions, mount, umount } from "./mount.ts";
export { openat2, Resolve } from "./openat2.ts";
export { exitAtOnce, setParentDeathSignal } from "./process.ts";
export {
  deviceNumber,
  makeDirectory,
  makeFifo,
  makeNode,
  type SpecialFile,
  splitDeviceNumber,
} from "./special-file.ts";
export {
  compileSeccompFilter,
  type SeccompArgument,
  type SeccompFilter,
  type SeccompFilterRule,
} from "./seccomp-filter.ts";
export { type SpawnedProcess, spawnProcess, type SpawnOptions } from "./spawn.ts";
export { fileSystemType } from "./statfs.ts";
export { SysError } from "./sys-error.ts";
export { syncFileSystem, syncFileSystemInThread } from "./sync.ts";
export { setDescriptorTimes, setTimes } from "./times.ts";
export { getXattr, listXattrs, removeXattr, setXattr } from "./xattr.ts";
