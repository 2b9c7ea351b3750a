import type { BulkPool } from "./bulk-pool.ts";
import { removePath } from "./remove-path.ts";

/** Removes trees in `tmp/` that nothing needs any more: what may be large at once, beside everything else, the rest at the end. */
export class Rubbish {
  readonly #bulk: BulkPool;
  readonly #small: string[] = [];
  readonly #removals = new Set<Promise<unknown>>();

  constructor(bulk: BulkPool) {
    this.#bulk = bulk;
  }

  /** Absence is no error. A failure is none either: what is left is removed once this process is gone. */
  add(path: string): void {
    const removal: Promise<unknown> = this.#bulk
      .call("remove", { layers: [], paths: [path] })
      .catch(() => {})
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** For a few empty directories, which stay until the end: ext4 looks at each inode that was freed lately before it makes a new one,
   * and with 40 steps that took more time than anything else of theirs. */
  addSmall(path: string): void {
    this.#small.push(path);
  }

  /** Here: a thread would have to be started for it. */
  removeSmall(): void {
    for (const path of this.#small.splice(0)) {
      try {
        removePath(path);
      } catch {
        // As in `add`.
      }
    }
  }

  /** Resolves when everything is gone. */
  async done(): Promise<void> {
    this.removeSmall();
    await Promise.all(this.#removals);
  }
}
