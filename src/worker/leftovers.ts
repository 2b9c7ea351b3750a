import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { isErrno } from "../util/index.ts";

/** Removes the directory of a worker that is gone, as far as this process may and is soon done: files that belong to subordinate ids,
 * and whatever is more than `most` files and directories, are left to the next worker. Links are not followed. */
export function removeLeftovers(directory: string, { most = 10_000 } = {}): void {
  const taken = `${directory}-left`; // what still ends in the worker can no longer rename a tree that is being removed into place
  try {
    renameSync(directory, taken);
    new Removal(most).remove(Buffer.from(taken));
  } catch (error) {
    if (!isErrno(error, ...expected)) throw error;
  }
}

const expected = ["ENOENT", "EACCES", "EPERM", "EROFS", "EBUSY", "ENOTEMPTY", "ENOTDIR"] as const;

class Removal {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  /** @returns is it gone? */
  remove(path: Buffer): boolean {
    if (this.#left-- <= 0) return false;
    if (!lstatSync(path).isDirectory()) {
      unlinkSync(path);
      return true;
    }
    const isEmpty = openedNames(path).every((name) =>
      this.remove(Buffer.concat([path, Buffer.from("/"), name])),
    );
    if (isEmpty) rmdirSync(path);
    return isEmpty;
  }
}

/** Nobody may enter the directory in which the kernel worked for an overlay, or one that a step made so: but its owner can change that. */
function openedNames(directory: Buffer): readonly Buffer[] {
  try {
    return readdirSync(directory, "buffer");
  } catch (error) {
    if (!isErrno(error, "EACCES")) throw error;
    chmodSync(directory, 0o700);
    return readdirSync(directory, "buffer");
  }
}
