import type { Store } from "../content/index.ts";
import { canonicalJson, SingleFlight } from "../util/index.ts";
import type { BulkPool } from "./bulk-pool.ts";
import type { ContextSource } from "./protocol.ts";
import { removePath } from "./remove-path.ts";

/** Build contexts as a step may see them: without what is ignored, owned by 0:0. A bind of the directory itself could not hide
 * files, so it is copied, once for all steps of a worker that mount the same part. */
export class ContextCopies {
  readonly #store: Store;
  readonly #bulk: BulkPool;
  readonly #flights = new SingleFlight<string, string>();
  readonly #directories: string[] = [];

  constructor(store: Store, bulk: BulkPool) {
    this.#store = store;
    this.#bulk = bulk;
  }

  /** Absolute path of a directory that holds the selected file or directory as `context`. */
  get(source: ContextSource, selector: string): Promise<string> {
    return this.#flights.do(canonicalJson({ source, selector }), async () => {
      const directory = this.#store.temp.newPath("context");
      this.#directories.push(directory);
      await this.#bulk.call("copyContext", { directory, source, selector });
      return `${directory}/fs`;
    });
  }

  remove(): void {
    for (const directory of this.#directories.splice(0)) removePath(directory);
  }
}
