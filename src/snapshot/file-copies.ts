import { setImmediate } from "node:timers/promises";
import { type BatchedCopy, type CopiedBatch, copyBatch } from "./copy-batch.ts";
import { type Creator, currentCreator } from "./copy-file.ts";
import type { CopyHelpers } from "./copy-helpers.ts";
import { openDirectory, type OpenSource } from "./source-tree.ts";

/** Makes copies of regular files in batches, here and with helpers, in directories that are there. Dispose it to wait until nobody writes any
 * more. */
export class FileCopies implements AsyncDisposable {
  readonly #root: string;
  readonly #output: string;
  readonly #helpers: CopyHelpers;
  readonly #source: OpenSource;
  readonly #creator: Creator = currentCreator();
  #copies: BatchedCopy[] = [];
  #bytes = 0;
  readonly #running = new Set<Promise<CopiedBatch>>();
  #failure: { readonly error: unknown } | undefined;
  /** Of the files that were made. */
  sizeBytes = 0;

  /** @param root host path below which all sources are, free of links
   * @param output host path, in latin1, below which all targets are */
  constructor(root: string, output: string, helpers: CopyHelpers) {
    this.#root = root;
    this.#output = output;
    this.#helpers = helpers;
    this.#source = openDirectory({ root, excludePatterns: [] });
  }

  /** The file may be made some time later.
   * @throws {FileActionError} | {TreeError} for a file that was added earlier */
  async add(copy: BatchedCopy): Promise<void> {
    this.#copies.push(copy);
    this.#bytes += copy.sizeBytes;
    if (this.#copies.length < BATCH_FILES && this.#bytes < BATCH_BYTES) return;
    if (this.#helpers.isOneFree()) this.#startWithHelper();
    else this.#copyHere();
    await setImmediate(); // what they have to say comes in
    this.#check();
  }

  /** Afterwards all files are there.
   * @throws as `add` */
  async finish(): Promise<void> {
    if (this.#copies.length > 0) this.#copyHere();
    await Promise.allSettled(this.#running);
    this.#check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#source[Symbol.dispose]();
  }

  #startWithHelper(): void {
    const running = this.#helpers.copy(this.#takeBatch());
    this.#running.add(running);
    running
      .then(
        (copied) => void (this.sizeBytes += copied.sizeBytes),
        (error: unknown) => void (this.#failure ??= { error }),
      )
      .finally(() => this.#running.delete(running));
  }

  #copyHere(): void {
    this.sizeBytes += copyBatch(this.#takeBatch(), this.#source, this.#creator).sizeBytes;
  }

  #takeBatch() {
    this.#bytes = 0;
    const copies = this.#copies.splice(0);
    return { root: this.#root, output: this.#output, earlier: "", links: [], copies };
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

const BATCH_FILES = 256;
const BATCH_BYTES = 4 * 1024 * 1024;
