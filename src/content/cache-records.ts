import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { writeFileExpendable } from "../util/index.ts";
import { ContentError } from "./content-error.ts";
import { readJsonFile } from "./json-file.ts";
import type { TempDirs } from "./temp-dirs.ts";

const keyPattern = /^[0-9a-f]{64}$/;

/** `cache/`: one small JSON file for each key. A record is whole or absent, also while it is replaced; the
 * last writer wins. */
export class CacheRecords {
  readonly #dir: string;
  readonly #temp: TempDirs;
  /** Values that are not written yet. */
  readonly #pending = new Map<string, unknown>();
  #writing: Promise<void> = Promise.resolve();

  constructor(dir: string, temp: TempDirs) {
    this.#dir = dir;
    this.#temp = temp;
  }

  /** The record's value, not yet parsed; undefined when it is absent or damaged.
   * @param key 64 hexadecimal digits */
  get(key: string): unknown {
    return this.#pending.get(key) ?? readJsonFile(this.#fileOf(key));
  }

  put(key: string, value: unknown): void {
    this.#pending.delete(key);
    writeFileExpendable(this.#fileOf(key), JSON.stringify(value), this.#temp.dir());
  }

  /** As `put`, but writes when this process has nothing else to do: no step need wait for the record of the one before it. `get`
   * finds the value at once, other processes only after `written`. */
  putSoon(key: string, value: unknown): void {
    this.#fileOf(key);
    if (this.#pending.size === 0) {
      this.#writing = this.#writePending(this.#writing);
      this.#writing.catch(() => {}); // told by `written`
    }
    this.#pending.set(key, value);
  }

  /** Resolves when everything is written.
   * @throws what writing failed with, now or earlier */
  written(): Promise<void> {
    return this.#writing;
  }

  async #writePending(before: Promise<void>): Promise<void> {
    await nextTurn();
    const values = [...this.#pending];
    this.#pending.clear();
    for (const [key, value] of values) this.put(key, value);
    await before;
  }

  remove(key: string): void {
    this.#pending.delete(key);
    rmSync(this.#fileOf(key), { force: true });
  }

  /** All keys, in no order. */
  *list(): Generator<string> {
    for (const prefix of readdirSync(this.#dir)) {
      if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
      for (const name of readdirSync(path.join(this.#dir, prefix))) {
        const key = name.slice(0, -".json".length);
        if (keyPattern.test(key) && name === `${key}.json`) yield key;
      }
    }
  }

  #fileOf(key: string): string {
    if (!keyPattern.test(key)) {
      throw new ContentError("INVALID_NAME", `Cannot use cache key ${JSON.stringify(key)}: not a digest`);
    }
    return `${this.#dir}/${key.slice(0, 2)}/${key}.json`;
  }
}
