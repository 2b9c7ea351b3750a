import { mkdirSync } from "node:fs";
import type { Store } from "../content/index.ts";
import type { MissingMountPoints } from "../snapshot/index.ts";
import { removePath } from "./remove-path.ts";

/** Layers of mount points that images lack, each made once: steps of one image mostly need the same. */
export class StubLayers {
  readonly #store: Store;
  readonly #made = new Map<string, string>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Absolute path of a directory that nobody changes. */
  get(missing: MissingMountPoints): string {
    const known = this.#made.get(missing.key);
    if (known !== undefined) return known;
    const directory = this.#store.temp.newPath("stubs");
    this.#made.set(missing.key, directory);
    mkdirSync(directory, { mode: 0o755 });
    missing.makeIn(directory);
    return directory;
  }

  remove(): void {
    for (const directory of this.#made.values()) removePath(directory);
    this.#made.clear();
  }
}
