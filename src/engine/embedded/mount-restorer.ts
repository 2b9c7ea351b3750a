import { existsSync } from "node:fs";
import path from "node:path";
import { cacheMountDir, type CacheMountName } from "../../content/index.ts";
import { formatBytes, SingleFlight } from "../../util/index.ts";
import type { WorkerApi } from "../../worker/index.ts";
import type { RemoteMount, RemoteMounts } from "../step-result.ts";
import type { EmbeddedEngineOptions } from "./environment.ts";

/** Gives cache mounts that nothing has used yet what they held on another machine. A cache mount may always be empty, so whatever
 * goes wrong is a note. */
export class MountRestorer {
  /** Ids of cache mounts that are to begin with nothing. */
  emptied: ReadonlySet<string> = new Set();
  readonly #options: EmbeddedEngineOptions;
  readonly #worker: () => Promise<WorkerApi>;
  readonly #flights = new SingleFlight<string, void>();

  constructor(options: EmbeddedEngineOptions, worker: () => Promise<WorkerApi>) {
    this.#options = options;
    this.#worker = worker;
  }

  /** Called before a step mounts it. */
  async restore(name: CacheMountName): Promise<void> {
    const home = cacheMountDir(this.#options.store.paths.mounts, name);
    await this.#flights.do(home, async () => {
      if (this.emptied.has(name.id) || existsSync(path.join(home, "0/fs"))) return;
      for (const { mounts } of this.#options.resultSources ?? []) {
        const found = (await mounts?.list())?.find((mount) => isSame(mount, name));
        if (found && mounts) return await this.#tryRestore(name, found, mounts);
      }
    });
  }

  async #tryRestore(name: CacheMountName, mount: RemoteMount, { limitBytes }: RemoteMounts): Promise<void> {
    const { blob } = mount;
    const shown = JSON.stringify(name.id.replace(/^\//, ""));
    const note = (text: string) => this.#options.emit({ kind: "note", text: `cache mount ${shown} ${text}` });
    if (blob.size > limitBytes) {
      note(`not restored: ${formatBytes(blob.size)} are more than mounts-max=${formatBytes(limitBytes)}`);
      return;
    }
    try {
      if (await this.#fill(name, mount, limitBytes)) note(`restored, ${formatBytes(blob.size)} fetched`);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      note(`not restored: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #fill(name: CacheMountName, mount: RemoteMount, limitBytes: number): Promise<boolean> {
    const { diffID, blob, reference, mode, uid, gid } = mount;
    const { store, fetchBlob } = this.#options;
    const isFetched = !store.content.touch(blob.digest, blob.size);
    if (isFetched) await fetchBlob(reference, blob, () => {});
    const root = { mode, uid, gid };
    const worker = await this.#worker();
    const { isRestored } = await worker.restoreCacheMount({
      name,
      blob: blob.digest,
      diffID,
      root,
      limitBytes,
    });
    // Nothing else needs the tar of a cache mount.
    const usedAtMs = isFetched ? store.content.usedAtMs(blob.digest) : undefined;
    if (usedAtMs !== undefined) store.content.removeUnused(blob.digest, usedAtMs);
    return isRestored;
  }
}

function isSame(mount: CacheMountName, { namespace, id, base }: CacheMountName): boolean {
  return mount.namespace === namespace && mount.id === id && mount.base === base;
}
