import { lstatSync } from "node:fs";
import type { FileTree } from "../tree/index.ts";
import { HardLinks } from "./hard-links.ts";
import { type PackEntry, toTarEntry } from "./pack-entry.ts";
import { SortedWalk } from "./sorted-walk.ts";
import { readXattrs } from "./xattr-policy.ts";

/** The entries of a whole root file system: plain files, no whiteouts. The root itself is no entry; sockets are left out. */
export function* treeEntries(tree: FileTree): Generator<PackEntry, void> {
  const walk = new SortedWalk((directory) => tree.readdir(`/${directory}`));
  const links = new HardLinks();
  for (let found = walk.next(); found; found = walk.next()) {
    const { path } = found;
    const stat = tree.lstat(`/${path}`);
    if (!stat || stat.type === "socket") continue;
    const host = tree.hostPath(`/${path}`);
    const isBlock = stat.type === "device" && lstatSync(host).isBlockDevice();
    const linkPath = stat.type === "symlink" ? tree.readlink(`/${path}`) : "";
    const { xattrs } = readXattrs(host, undefined);
    const entry = toTarEntry(path, { ...stat, type: stat.type, isBlock }, { linkPath, xattrs });
    if (stat.type === "directory") {
      yield { entry };
      walk.enter(path);
    } else yield links.resolve({ entry, file: host }, { key: linkKey(host, path, stat), nlink: stat.nlink });
  }
}

/** Layers of the store share inodes with each other; only names within one layer are links of the image. */
function linkKey(host: Buffer, path: string, { dev, ino }: { dev: number; ino: number }): string {
  const layer = host.toString("latin1", 0, Math.max(0, host.length - path.length));
  return `${layer}:${dev}:${ino}`;
}
