import type { Store } from "../content/index.ts";
import { syncFileSystemInThread } from "../sys/index.ts";

/** Brings the layers of a store to the disk, see `LayerStore.sync`: once at a time, and while other requests are answered. */
export class LayerSync {
  readonly #store: Store;
  #syncing: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves when the layers that are there now are on the disk, or cannot be brought there: a build is done and right all the same, and
   * after a restart of the machine its steps run again. */
  run(): Promise<void> {
    const sync = () => this.#store.layers.sync(syncFileSystemInThread);
    this.#syncing = this.#syncing.then(sync).catch(() => {});
    return this.#syncing;
  }
}
