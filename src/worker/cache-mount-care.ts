import { closeSync } from "node:fs";
import path from "node:path";
import { treeSizeBytes } from "../snapshot/index.ts";
import { tryFlock } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";
import { openLock } from "./cache-mount-instance.ts";
import { removePath } from "./remove-path.ts";

/** Removes the files of cache mounts and volumes that no step uses now; a step that comes meanwhile waits, and finds them empty.
 * @param instances absolute paths of instances and of volumes' directories
 * @returns how many bytes were freed, for each; null for one that is in use */
export function emptyMounts(instances: readonly string[]): readonly (number | null)[] {
  return instances.map((instance) => {
    const lock = openLock(instance);
    if (lock === undefined) return 0;
    try {
      if (!tryFlock(lock, "exclusive")) return null;
      const files = path.join(instance, "fs");
      const sizeBytes = measureTree(files);
      removePath(files);
      return sizeBytes;
    } finally {
      closeSync(lock);
    }
  });
}

/** Sum of the sizes of the files below; 0 for what is not there. */
export function measureTree(directory: string): number {
  try {
    return treeSizeBytes(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return 0;
    throw error;
  }
}
