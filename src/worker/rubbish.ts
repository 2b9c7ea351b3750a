import type { BulkPool } from "./bulk-pool.ts";

/** Removes trees in `tmp/` that nothing needs any more, beside everything else. */
export class Rubbish {
  readonly #bulk: BulkPool;
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

  /** Resolves when everything is gone. */
  async done(): Promise<void> {
    await Promise.all(this.#removals);
  }
}
