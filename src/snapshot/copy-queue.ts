import { setImmediate } from "node:timers/promises";
import type { SelectedEntry, TreePath } from "../tree/index.ts";
import { type CopiedBatch, copyBatch, type CopyBatch } from "./copy-batch.ts";
import type { CopyHelpers } from "./copy-helpers.ts";
import { type CopyJob, fileCopyOf } from "./copy-job.ts";

/** An entry that waits to be told of; without digest it is not known yet. */
interface Item {
  readonly kind: "made" | "link" | "copy";
  readonly entry: SelectedEntry;
  readonly target: TreePath;
  readonly digest: string;
}

interface Started {
  readonly items: readonly Item[];
  readonly outcome: Promise<CopiedBatch>;
  /** Absent as long as a helper is at it. */
  copied?: CopiedBatch;
}

/** Makes the regular files of one source in batches, here and with helpers, and tells of every entry, in order, when it was made. */
export class CopyQueue implements AsyncDisposable {
  readonly #job: CopyJob;
  readonly #onCopied: (entry: SelectedEntry, digest: string) => void;
  #items: Item[] = [];
  #bytes = 0;
  readonly #started: Started[] = [];

  constructor(job: CopyJob, onCopied: (entry: SelectedEntry, digest: string) => void) {
    this.#job = job;
    this.#onCopied = onCopied;
  }

  /** An entry that was made already waits for its turn to be told of. */
  addMade(entry: SelectedEntry, digest: string): void {
    this.#items.push({ kind: "made", entry, target: "", digest });
  }

  /** A file of a directory of the host; no later entry may depend on it. It may be shared with an earlier copy of it. */
  addFile(entry: SelectedEntry, target: TreePath): void {
    const { memory, changes, layer } = this.#job;
    layer.prepareFile(target);
    const digest = memory.find(target, entry.stat, changes);
    const kind = digest === undefined ? "copy" : "link";
    this.#items.push({ kind, entry, target, digest: digest ?? "" });
    if (kind === "copy") this.#bytes += entry.stat.sizeBytes;
  }

  get isFull(): boolean {
    return this.#items.length >= BATCH_ENTRIES || this.#bytes >= BATCH_BYTES;
  }

  /** Makes what was added, or has it made. */
  async next(): Promise<void> {
    const { helpers } = this.#job;
    if (helpers?.isOneFree()) this.#startWith(helpers);
    else this.#startAlone();
    if (helpers) await setImmediate(); // what they have to say comes in
    await this.#settle(MAX_STARTED);
  }

  /** Afterwards all that was added is there, and told of. */
  async finish(): Promise<void> {
    this.#startAlone();
    await this.#settle(0);
  }

  /** Waits until nobody writes any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#started.map(({ outcome }) => outcome));
  }

  #startWith(helpers: CopyHelpers): void {
    const items = this.#takeItems();
    const started: Started = { items, outcome: helpers.copy(this.#toBatch(items)) };
    started.outcome.then(
      (copied) => (started.copied = copied),
      () => {}, // whoever waits for it gets the error
    );
    this.#started.push(started);
  }

  #startAlone(): void {
    const items = this.#takeItems();
    const copied = copyBatch(this.#toBatch(items), this.#job.source, this.#job.creator);
    this.#started.push({ items, copied, outcome: Promise.resolve(copied) });
  }

  #takeItems(): readonly Item[] {
    this.#bytes = 0;
    return this.#items.splice(0);
  }

  #toBatch(items: readonly Item[]): CopyBatch {
    const { layer, memory, source } = this.#job;
    const links = items.filter(({ kind }) => kind === "link").map(({ target }) => target);
    const copies = items
      .filter(({ kind }) => kind === "copy")
      .map(({ entry, target }) => ({ ...fileCopyOf(this.#job, entry), path: entry.path, target }));
    return { output: layer.rootBytes, earlier: memory.earlierBytes, root: source.root, links, copies };
  }

  /** Tells of what was made, as far as the order allows; at most `left` batches stay. */
  async #settle(left: number): Promise<void> {
    for (let first = this.#started[0]; first; first = this.#started[0]) {
      if (!first.copied && this.#started.length <= left) return;
      const copied = first.copied ?? (await first.outcome);
      this.#started.shift();
      this.#tell(first.items, copied);
    }
  }

  #tell(items: readonly Item[], { digests, notLinked, readAtMs, sizeBytes, isRewritten }: CopiedBatch): void {
    const { layer } = this.#job;
    layer.addFiles({ sizeBytes, isRewritten });
    const missing = new Set(notLinked);
    let [links, copies] = [0, 0];
    for (const item of items) {
      let { digest } = item;
      if (item.kind === "link" && missing.has(links++)) digest = this.#copyNow(item);
      else if (item.kind === "copy") digest = this.#remember(item, { digest: digests[copies++]!, readAtMs });
      else if (item.kind === "link") layer.addSize(item.entry.stat.sizeBytes);
      this.#onCopied(item.entry, digest);
    }
  }

  /** What was to be shared and cannot be. */
  #copyNow(item: Item): string {
    const { source, creator, layer } = this.#job;
    const copied = copyBatch(this.#toBatch([{ ...item, kind: "copy" }]), source, creator);
    layer.addFiles(copied);
    return this.#remember(item, { digest: copied.digests[0]!, readAtMs: copied.readAtMs });
  }

  #remember({ entry, target }: Item, copied: { digest: string; readAtMs: number }): string {
    this.#job.memory.add(target, entry.stat, { ...copied, changes: this.#job.changes });
    return copied.digest;
  }
}

/** A few milliseconds of work. */
const BATCH_ENTRIES = 256;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Batches that wait for their turn: helpers have enough to do, and little has to be kept. */
const MAX_STARTED = 12;
