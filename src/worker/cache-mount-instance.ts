import { mkdirSync, openSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { CacheMountName } from "../content/index.ts";
import { isErrno } from "../util/index.ts";

/** Tells `du` and caches of other machines what the directory is. */
export function noteName(directory: string, { namespace, id, base }: CacheMountName): void {
  writeFileSync(path.join(directory, "cache.json"), JSON.stringify({ namespace, id, base }));
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
