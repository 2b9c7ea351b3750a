import { mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type CacheMountName, readJsonFile, type TempDirs } from "../content/index.ts";
import { isErrno, writeFileDurable } from "../util/index.ts";

/** Tells `du`, `--no-cache` and caches of other machines what the directory is. Whole or absent for whoever reads it meanwhile, and
 * written once only, so that it can be on the disk when the mount is used. */
export function noteName(directory: string, { namespace, id, base }: CacheMountName, temp: TempDirs): void {
  const file = path.join(directory, "cache.json");
  const name = { namespace, id, base };
  if (!isDeepStrictEqual(readJsonFile(file), name)) writeFileDurable(file, JSON.stringify(name), temp.dir());
}

/** Makes an instance where there is none. @returns its lock, open and not taken yet */
export function openInstance(directory: string, number: number): { instance: string; fd: number } {
  const instance = path.join(directory, String(number));
  mkdirSync(instance, { recursive: true, mode: 0o700 });
  return { instance, fd: openSync(path.join(instance, "lock"), "a", 0o600) };
}

/** The lock of an instance, not taken yet; undefined where there is none. */
export function openLock(instance: string): number | undefined {
  try {
    return openSync(path.join(instance, "lock"), "r");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
