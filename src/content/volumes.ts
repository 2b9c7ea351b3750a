import { statSync } from "node:fs";
import path from "node:path";
import { listIfThere } from "../util/index.ts";

/** Files that services keep between runs. */
export interface VolumeInfo {
  /** Absolute; holds `fs/` and `lock`. */
  readonly path: string;
  readonly name: string;
  /** When a service last mounted it, in milliseconds since the epoch. */
  readonly usedAtMs: number;
}

/** What Docker allows: such a name is safe as one of a file. */
export const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Absolute path of a volume's directory, whether there is such a volume or not. */
export function volumeDir(volumesDir: string, name: string): string {
  if (!volumeName.test(name)) throw new Error(`Internal error: ${JSON.stringify(name)} is no volume's name`);
  return path.join(volumesDir, name);
}

/** The volume of that name; undefined when it was never mounted, or was removed. */
export function findVolume(volumesDir: string, name: string): VolumeInfo | undefined {
  const directory = volumeDir(volumesDir, name);
  if (!statSync(path.join(directory, "fs"), { throwIfNoEntry: false })) return undefined;
  const lock = statSync(path.join(directory, "lock"), { throwIfNoEntry: false });
  return { path: directory, name, usedAtMs: lock?.mtimeMs ?? 0 };
}

/** Every volume of a store, by name. */
export function listVolumes(volumesDir: string): readonly VolumeInfo[] {
  const names = listIfThere(volumesDir).filter((name) => volumeName.test(name));
  return names.sort().flatMap((name) => findVolume(volumesDir, name) ?? []);
}
