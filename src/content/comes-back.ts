import { existsSync } from "node:fs";

const waitMs = 5;
const longestMs = 200;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Is `path` there, perhaps after a moment? A prune takes out what was unused when it looked, looks again, and puts back what was
 * touched in between. */
export function comesBack(path: string): boolean {
  for (let waitedMs = 0; !existsSync(path); waitedMs += waitMs) {
    if (waitedMs >= longestMs) return false;
    Atomics.wait(sleeper, 0, 0, waitMs);
  }
  return true;
}
