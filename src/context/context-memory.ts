import { createHash } from "node:crypto";
import path from "node:path";
import { estimateFiles, readStatIndex, type StatIndex, writeStatIndex } from "../tree/index.ts";
import { KnownDigests } from "./known-digests.ts";

export interface MemoryOptions {
  /** Absent: nothing is kept between builds. */
  readonly indexDir: string | undefined;
  readonly tmpDir: string | undefined;
}

/** What earlier builds knew of a context: digests of files by their state, and digests of whole selections by the state of all their
 * files. Each is read when it is first asked for. */
export class ContextMemory {
  readonly #files: { readonly index: string; readonly known: string } | undefined;
  readonly #tmpDir: string | undefined;
  #index: StatIndex | undefined;
  #known: KnownDigests | undefined;

  /** @param root of the context, absolute */
  constructor(root: string, { indexDir, tmpDir }: MemoryOptions) {
    const name = createHash("sha256").update(root).digest("hex").slice(0, 32);
    const file = (ending: string) => path.join(indexDir!, `${name}.${ending}`);
    this.#files = indexDir === undefined ? undefined : { index: file("idx"), known: file("sel") };
    this.#tmpDir = tmpDir;
  }

  /** Were there so many files the last time that native code is worth its load, of some 10 ms? */
  get isOfMany(): boolean {
    return estimateFiles(this.#files?.index ?? "") > MANY;
  }

  get index(): StatIndex {
    this.#index ??= readStatIndex(this.#files?.index ?? "");
    return this.#index;
  }

  get known(): KnownDigests {
    this.#known ??= KnownDigests.read(this.#files?.known ?? "");
    return this.#known;
  }

  /** Writes what has changed. What cannot be written costs time only. */
  save(): void {
    if (!this.#files) return;
    try {
      if (this.#index?.isChanged) {
        writeStatIndex(this.#files.index, this.#index, this.#tmpDir);
        this.#index.markSaved();
      }
      this.#known?.save(this.#files.known, this.#tmpDir);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
}

/** It saves a good microsecond for each. */
const MANY = 8000;
