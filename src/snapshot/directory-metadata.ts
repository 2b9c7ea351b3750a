import { chmodSync, lchownSync, lstatSync } from "node:fs";
import { getXattr, type HostPath, listXattrs, setTimes, setXattr } from "../sys/index.ts";
import { isContentXattr } from "../tree/index.ts";

/** Gives directory `to` the owner, mode, attributes and times of directory `from`; overlayfs' own marks stay behind. */
export function copyDirectoryMetadata(from: HostPath, to: HostPath): void {
  const stat = lstatSync(from, { bigint: true });
  lchownSync(to, Number(stat.uid), Number(stat.gid));
  chmodSync(to, Number(stat.mode & 0o7777n));
  for (const [name, value] of contentXattrs(from)) setXattr(to, name, value);
  setTimes(to, stat.mtimeNs, stat.atimeNs);
}

/** All that `copyDirectoryMetadata` copies but the access time, as text: equal for directories with equal metadata. */
export function describeDirectoryMetadata(directory: HostPath): string {
  const { uid, gid, mode, mtimeNs } = lstatSync(directory, { bigint: true });
  const xattrs = contentXattrs(directory).map(([name, value]) => `${name}=${value.toString("hex")}`);
  return [uid, gid, mode, mtimeNs, ...xattrs].join(" ");
}

function contentXattrs(directory: HostPath): [name: string, value: Buffer][] {
  return listXattrs(directory)
    .filter(isContentXattr)
    .flatMap((name) => {
      const value = getXattr(directory, name);
      return value === undefined ? [] : [[name, value] satisfies [string, Buffer]];
    });
}
