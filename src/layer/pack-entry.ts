import { type HostPath, splitDeviceNumber } from "../sys/index.ts";
import type { FileType, TreeStat, Xattr } from "../tree/index.ts";
import type { TarEntry, TarEntryType } from "./tar-entry.ts";

/** An entry to write, and the file whose bytes follow it. Both a layer directory and a stack of layers give a sequence of these,
 * sorted: a directory before what is in it, names of one directory in byte order. */
export interface PackEntry {
  readonly entry: TarEntry;
  /** Read when `entry.sizeBytes` is above 0. */
  readonly file?: HostPath;
}

/** The file types that a tar can hold. */
export type PackedType = Exclude<FileType, "socket">;

/** What of a file's state a tar keeps. */
export interface PackedStat
  extends Pick<TreeStat, "mode" | "uid" | "gid" | "sizeBytes" | "mtimeNs" | "rdev" | "isBlock"> {
  readonly type: PackedType;
}

/** The entry of a file: directories end with a slash, only files have a size. */
export function toTarEntry(
  path: string,
  stat: PackedStat,
  { linkPath, xattrs }: { linkPath: string; xattrs: readonly Xattr[] },
): TarEntry {
  const isDevice = stat.type === "device";
  const device = isDevice ? splitDeviceNumber(stat.rdev) : { major: 0, minor: 0 };
  return {
    path: stat.type === "directory" ? `${path}/` : path,
    type: tarTypeOf(stat.type, stat.isBlock),
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    sizeBytes: stat.type === "file" ? stat.sizeBytes : 0,
    mtimeNs: stat.mtimeNs,
    linkPath,
    deviceMajor: device.major,
    deviceMinor: device.minor,
    xattrs,
    isSparse: false,
  };
}

function tarTypeOf(type: PackedType, isBlock: boolean): TarEntryType {
  if (type !== "device") return type;
  return isBlock ? "block-device" : "character-device";
}
