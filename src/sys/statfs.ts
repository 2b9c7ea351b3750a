import { statfsSync } from "node:fs";
import type { HostPath } from "./host-path.ts";

const NAMES: Readonly<Record<number, string>> = {
  0xef53: "ext",
  0x01021994: "tmpfs",
  0x794c7630: "overlay",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x6969: "nfs",
  0x27e0eb: "cgroup",
  0x63677270: "cgroup2",
  0x9fa0: "proc",
  0x62656572: "sysfs",
  0x65735546: "fuse",
};

/** Name of the file system that holds `path` (`ext`, `tmpfs`, `overlay`, `cgroup2`, …), or its magic number in hexadecimal.
 * @throws the file system error */
export function fileSystemType(path: HostPath): string {
  const magic = statfsSync(path).type;
  return NAMES[magic] ?? `0x${magic.toString(16)}`;
}
