import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { isErrno } from "./errno.ts";

/** Makes `directory` and the parents that are missing; no error when it exists. For places that a user chooses:
 * Node's own `recursive` never ends where the kernel says ENOENT below a parent that is there, as in /proc. */
export function makeDirectory(directory: string, mode = 0o777): void {
  try {
    makeOne(directory, mode);
  } catch (error) {
    const parent = path.dirname(directory);
    if (!isErrno(error, "ENOENT") || parent === directory) throw error;
    makeDirectory(parent, mode);
    makeOne(directory, mode);
  }
}

function makeOne(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    if (!isErrno(error, "EEXIST") || !isDirectory(directory)) throw error;
  }
}

function isDirectory(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
