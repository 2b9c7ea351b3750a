import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { readJsonFile, type Store } from "../content/index.ts";
import { isErrno } from "../util/index.ts";
import type { RecordId } from "./record-files.ts";
import { writeStoreFiles } from "./write-store-files.ts";

export interface ImageName {
  /** Normalised, e.g. `docker.io/library/app:latest`. */
  readonly name: string;
  readonly record: RecordId;
  readonly updatedAtMs: number;
}

/** `images/names/`: one small file for each name. */
export class NameFiles {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(name: string): ImageName | undefined {
    const found = parseName(readJsonFile(this.#fileOf(name)));
    return found?.name === name ? found : undefined;
  }

  /** Points each name to a record. Writes nothing for a name that says so already. */
  set(names: ReadonlyMap<string, RecordId>): void {
    const files = new Map<string, string>();
    for (const [name, record] of names) {
      if (this.get(name)?.record === record) continue;
      const value: ImageName = { name, record, updatedAtMs: Date.now() };
      files.set(this.#fileOf(name), JSON.stringify(value));
    }
    writeStoreFiles(this.#store, files);
  }

  /** False when there was no such name. */
  remove(name: string): boolean {
    try {
      rmSync(this.#fileOf(name));
      return true;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  }

  /** Sorted by name. */
  list(): readonly ImageName[] {
    const { imageNames } = this.#store.paths;
    return readdirSync(imageNames)
      .map((file) => parseName(readJsonFile(path.join(imageNames, file))))
      .filter((name) => name !== undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #fileOf(name: string): string {
    const hash = createHash("sha256").update(name).digest("hex");
    return path.join(this.#store.paths.imageNames, `${hash}.json`);
  }
}

function parseName(value: unknown): ImageName | undefined {
  const { name, record, updatedAtMs } = (value ?? {}) as Partial<ImageName>;
  if (typeof name !== "string" || typeof updatedAtMs !== "number") return undefined;
  if (typeof record !== "string" || !/^[0-9a-f]{64}$/.test(record)) return undefined;
  return { name, record, updatedAtMs };
}
