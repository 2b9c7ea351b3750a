import { lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { isErrno } from "../util/index.ts";
import { toHostPath } from "./host-path.ts";

/** Removes whatever is at `path` (bytes, latin1), links not followed; nothing there is no error. Node's own `rmSync` loses
 * names that are not UTF-8. Returns the bytes of files that had no other name. */
export function removeTree(path: string): number {
  const stat = lstatSync(toHostPath(path), { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return unlinkFile(path, stat);
  let freedBytes = 0;
  for (const name of readdirSync(toHostPath(path), "latin1")) freedBytes += removeTree(`${path}/${name}`);
  rmdirSync(toHostPath(path));
  return freedBytes;
}

function unlinkFile(path: string, stat: Stats): number {
  try {
    unlinkSync(toHostPath(path));
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  return stat.isFile() && stat.nlink === 1 ? stat.size : 0;
}
