import { lstatSync, readdirSync } from "node:fs";
import { toHostPath } from "./host-path.ts";

/** Bytes of the files at or below `path` (bytes, latin1) that have no other name: what their removal frees. */
export function fileBytes(path: string): number {
  const stat = lstatSync(toHostPath(path), { throwIfNoEntry: false });
  if (stat?.isFile()) return stat.nlink === 1 ? stat.size : 0;
  if (!stat?.isDirectory()) return 0;
  let sizeBytes = 0;
  for (const name of readdirSync(toHostPath(path), "latin1")) sizeBytes += fileBytes(`${path}/${name}`);
  return sizeBytes;
}
