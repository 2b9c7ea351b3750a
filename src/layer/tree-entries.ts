import { type FileTree, isContentXattr } from "../tree/index.ts";
import { HardLinks } from "./hard-links.ts";
import { type PackEntry, toTarEntry } from "./pack-entry.ts";
import { SortedWalk } from "./sorted-walk.ts";

/** The entries of a whole root file system: plain files, no whiteouts. The root itself is no entry; sockets are left out. Equal trees
 * give equal entries. */
export function* treeEntries(tree: FileTree): Generator<PackEntry, void> {
  const walk = new SortedWalk((directory) => tree.readdir(`/${directory}`));
  const links = new HardLinks();
  for (let found = walk.next(); found; found = walk.next()) {
    const path = `/${found.path}`;
    const stat = tree.lstat(path);
    if (!stat || stat.type === "socket") continue;
    const linkPath = stat.type === "symlink" ? tree.readlink(path) : "";
    const xattrs = tree.xattrs(path).filter(({ name }) => isContentXattr(name));
    const entry = toTarEntry(found.path, { ...stat, type: stat.type }, { linkPath, xattrs });
    if (stat.type === "directory") {
      yield { entry };
      walk.enter(found.path);
    } else {
      const packed = { entry, file: tree.hostPath(path) };
      yield links.resolve(packed, { key: `${stat.dev}:${stat.ino}`, nlink: stat.nlink });
    }
  }
}
