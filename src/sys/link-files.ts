import { declare } from "./libc.ts";

const linkCall = declare("link", "int", ["void *", "void *"]);

const PATH_MAX = 4096;

/** Makes hard links in one tree of files that another one has at the same paths; for bulk work: a quarter of what Node takes beside
 * the kernel's own time.
 * @param from root of the tree that has them, and `to` of the other, in latin1, one character for each byte
 * @param paths absolute in the tree, in latin1
 * @returns indices of those that could not be linked, for whatever reason */
export function linkFiles(from: string, to: string, paths: readonly string[]): number[] {
  const failed: number[] = [];
  if (from.length >= PATH_MAX || to.length >= PATH_MAX) return paths.map((_, index) => index);
  source.write(from, 0, "latin1");
  target.write(to, 0, "latin1");
  for (const [index, path] of paths.entries()) {
    const fits = Math.max(from.length, to.length) + path.length < PATH_MAX && !path.includes("\0");
    if (fits) {
      source[from.length + source.write(path, from.length, "latin1")] = 0;
      target[to.length + target.write(path, to.length, "latin1")] = 0;
    }
    if (!fits || linkCall(source, target) !== 0) failed.push(index);
  }
  return failed;
}

/** Calls are synchronous, so one buffer of each kind serves all. */
const [source, target] = [Buffer.alloc(PATH_MAX), Buffer.alloc(PATH_MAX)];
