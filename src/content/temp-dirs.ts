import { randomBytes } from "node:crypto";
import { readdirSync, renameSync, rmdirSync, statSync } from "node:fs";
import path from "node:path";
import { isErrno, makeDirectory } from "../util/index.ts";
import { ContentError, otherStore } from "./content-error.ts";
import { currentOwner, formatOwner, type Owner, ownerStartMs, ownerState, parseOwner } from "./owner.ts";

/** How long the files of a process that cannot be seen from here are left alone after their directory last changed. */
const unseenOwnerMs = 24 * 60 * 60 * 1000;

/** `tmp/`: a directory for each process, named by it. Whatever lies in the directory of a dead process is rubbish. */
export class TempDirs {
  /** Name of this process's directory. The worker is given its parent's: it lives in a pid namespace of its own. */
  readonly owner: string;
  readonly #root: string;
  readonly #dir: string;
  #isCreated = false;
  #holders = 0;

  /** @param part name of a directory in the owner's, to use instead of that itself */
  constructor(root: string, owner: string = formatOwner(currentOwner()), part = "") {
    this.#root = root;
    this.owner = owner;
    this.#dir = path.join(root, owner, part);
  }

  /** Absolute path of this process's directory, or of its part; created on the first call. While it exists, `prune` keeps what this
   * process uses.
   * @throws {ContentError} `STORE_UNUSABLE` nothing can be written there */
  dir(): string {
    if (!this.#isCreated) this.#create();
    this.#isCreated = true;
    return this.#dir;
  }

  #create(): void {
    try {
      makeDirectory(this.#dir, 0o700);
    } catch (error) {
      if (!isErrno(error, "EROFS", "EACCES")) throw error;
      throw new ContentError("STORE_UNUSABLE", "Cannot write to the store", {
        cause: error,
        hint: otherStore,
      });
    }
  }

  /** A new path in `dir()`; nothing is created there. */
  newPath(prefix: string): string {
    return path.join(this.dir(), `${prefix}-${randomBytes(6).toString("hex")}`);
  }

  /** Keeps the directory from `close` until what is returned is disposed, which closes: to make it again takes a millisecond. */
  hold(): Disposable {
    this.#holders++;
    return {
      [Symbol.dispose]: () => {
        this.#holders--;
        this.close();
      },
    };
  }

  /** Removes this process's directory if nothing is left in it and nobody holds it. */
  close(): void {
    if (this.#holders > 0) return;
    try {
      rmdirSync(this.#dir);
      this.#isCreated = false;
    } catch (error) {
      if (!isErrno(error, "ENOENT", "ENOTEMPTY", "EEXIST", "EROFS")) throw error;
    }
  }

  /** Absolute paths of directories whose process is gone. */
  listStale(): readonly string[] {
    return this.#entries()
      .filter(({ state }) => state === "dead")
      .map(({ name }) => path.join(this.#root, name));
  }

  /** Moves what dead processes left into this process's directory and returns the paths; the worker removes the trees.
   * A last process of a dead owner that still ends can therefore no longer rename a tree that is being removed into place,
   * and of two cleaners only one gets each tree. */
  claimStale(): readonly string[] {
    const claimed: string[] = [];
    for (const stale of this.listStale()) {
      const target = this.newPath("stale");
      try {
        renameSync(stale, target);
        claimed.push(target);
      } catch (error) {
        if (!isErrno(error, "ENOENT")) throw error;
      }
    }
    return claimed;
  }

  /** When the longest running process that uses the store started, in milliseconds since the epoch; `Infinity` for none.
   * A process counts from its first call of `dir()`. */
  oldestLiveStartMs(): number {
    const live = this.#entries().filter(({ state }) => state === "alive");
    return Math.min(...live.map(({ owner }) => (owner ? ownerStartMs(owner) : 0)));
  }

  #entries(): { name: string; owner: Owner | undefined; state: "alive" | "dead" }[] {
    const self = currentOwner();
    return readdirSync(this.#root).flatMap((name) => {
      const owner = parseOwner(name);
      const state = this.#stateOf(name, owner, self);
      return state ? [{ name, owner, state }] : [];
    });
  }

  #stateOf(name: string, owner: Owner | undefined, self: Owner): "alive" | "dead" | undefined {
    if (name === this.owner) return "alive";
    const state = owner ? ownerState(owner, self) : "unknown";
    if (state !== "unknown") return state;
    const stat = statSync(path.join(this.#root, name), { throwIfNoEntry: false });
    if (!stat) return undefined;
    return Date.now() - stat.mtimeMs < unseenOwnerMs ? "alive" : "dead";
  }
}
