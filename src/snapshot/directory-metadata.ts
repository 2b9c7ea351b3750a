import { chmodSync, lchownSync, lstatSync } from "node:fs";
import { getXattr, type HostPath, listXattrs, setTimes, setXattr } from "../sys/index.ts";

/** Gives directory `to` the owner, mode, attributes and times of directory `from`; overlayfs' own marks stay behind. */
export function copyDirectoryMetadata(from: HostPath, to: HostPath): void {
  const stat = lstatSync(from, { bigint: true });
  lchownSync(to, Number(stat.uid), Number(stat.gid));
  chmodSync(to, Number(stat.mode & 0o7777n));
  for (const name of listXattrs(from)) {
    if (isOverlayMark(name)) continue;
    const value = getXattr(from, name);
    if (value) setXattr(to, name, value);
  }
  setTimes(to, stat.mtimeNs, stat.atimeNs);
}

function isOverlayMark(name: string): boolean {
  return name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
}
