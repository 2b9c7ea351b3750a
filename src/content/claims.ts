import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isErrno, listIfThere, makeDirectory, ownSignal } from "../util/index.ts";
import { currentOwner, ownerState, parseOwner } from "./owner.ts";
import type { TempDirs } from "./temp-dirs.ts";

export interface ClaimOptions {
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once, when the wait is worth telling. */
  readonly onWait?: () => void;
}

const namePattern = /^(?:layer|blob|file)-[0-9a-f]{64}$/;
const pollMs = 50;
/** A wait as long as this is worth telling. */
const shortWaitMs = 1000;

/** What processes that use the store do at a time, so that none does it beside another: files that name their process, and count as
 * long as it lives. They need no worker, as the locks of steps do; so they only spare work, and what is done under one must be harmless
 * when two do it all the same. */
export class Claims {
  readonly #dir: string;
  readonly #temp: TempDirs;

  constructor(dir: string, temp: TempDirs) {
    this.#dir = dir;
    this.#temp = temp;
  }

  /** Does `work` when nobody else does work of this name. It has to look first whether there is anything left to do.
   * @param name `layer`, `blob` or `file`, a hyphen, and 64 hexadecimal digits
   * @throws the signal's reason, or what `work` throws */
  async during<Value>(
    name: string,
    { signal, onWait }: ClaimOptions,
    work: () => Promise<Value>,
  ): Promise<Value> {
    if (!namePattern.test(name)) throw new Error(`Internal error: ${JSON.stringify(name)} is no claim`);
    const file = path.join(this.#dir, name);
    const timer = setTimeout(() => onWait?.(), shortWaitMs);
    try {
      while (!this.#take(file))
        await sleep(pollMs, undefined, { signal: ownSignal(signal) }).catch(() => signal.throwIfAborted());
    } finally {
      clearTimeout(timer);
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  }

  /** On a full disk the work tells better what is the matter. */
  #take(file: string): boolean {
    this.#removeDead();
    const made = this.#temp.newPath("claim");
    try {
      writeFileSync(made, this.#temp.owner, { flag: "wx" });
      link(made, file);
      return true;
    } catch (error) {
      if (isErrno(error, "ENOSPC", "EDQUOT")) return true;
      if (isErrno(error, "EEXIST")) return false;
      throw error;
    } finally {
      rmSync(made, { force: true });
    }
  }

  /** One of another pid namespace cannot be seen from here: it is not waited for. */
  #removeDead(): void {
    const self = currentOwner();
    for (const name of this.#names()) {
      const file = path.join(this.#dir, name);
      const owner = parseOwner(readIfThere(file) ?? this.#temp.owner);
      if (!owner || ownerState(owner, self) !== "alive") rmSync(file, { force: true });
    }
  }

  #names(): string[] {
    return listIfThere(this.#dir).filter((name) => namePattern.test(name));
  }
}

/** Appears with its bytes or not at all. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    makeDirectory(path.dirname(to), 0o700);
    linkSync(from, to);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
