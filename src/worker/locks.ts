import { closeSync, fstatSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { tryFlock } from "../sys/index.ts";
import { isErrno, listIfThere } from "../util/index.ts";

const namePattern = /^[0-9a-f]{64}$/;

/** Locks between the processes that use a store: files of one directory. The kernel frees those of a process that ends. */
export class Locks {
  readonly #dir: string;
  readonly #held = new Map<string, number>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Takes a lock if nobody has it. One that this process has is taken too.
   * @param name 64 hexadecimal digits */
  tryTake(name: string): boolean {
    if (!namePattern.test(name)) throw new Error(`Internal error: ${JSON.stringify(name)} is no lock's name`);
    const fd = this.#open(name);
    if (tryFlock(fd, "exclusive") && this.#isCurrent(name, fd)) {
      this.#held.set(name, fd);
      return true;
    }
    closeSync(fd);
    return false;
  }

  /** Frees a lock that this process has. */
  free(name: string): void {
    const fd = this.#held.get(name);
    if (fd === undefined) return;
    this.#held.delete(name);
    rmSync(path.join(this.#dir, name), { force: true }); // first: whoever opened it finds out, see #isCurrent
    closeSync(fd);
  }

  /** Frees every lock that this process has. */
  freeAll(): void {
    for (const name of this.#held.keys()) this.free(name);
  }

  /** Removes the files of processes that were killed. */
  collect(): void {
    for (const name of this.#names()) if (this.tryTake(name)) this.free(name);
  }

  #open(name: string): number {
    const file = path.join(this.#dir, name);
    try {
      return openSync(file, "a", 0o600);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
      return openSync(file, "a", 0o600);
    }
  }

  /** False for a file that its last holder removed after we opened it: another may have a lock on a new one. */
  #isCurrent(name: string, fd: number): boolean {
    return statSync(path.join(this.#dir, name), { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
  }

  #names(): string[] {
    return listIfThere(this.#dir).filter((name) => namePattern.test(name));
  }
}
