import type { CacheDocument } from "../cache/index.ts";
import type { ContentStore, Store } from "../content/index.ts";
import type { RemoteMount, RemoteMounts, RemoteResult, ResultSource } from "../engine/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { CacheLocation } from "./options.ts";

interface CacheSourceOptions {
  readonly store: Store;
  readonly emit: EmitEvent;
  readonly registry: () => Promise<RegistryClient>;
}

interface Loaded {
  readonly results: ReadonlyMap<string, RemoteResult>;
  readonly mounts: readonly RemoteMount[];
}

/** What is in one cache of other machines. It is read when the store lacks something for the first time; one that cannot be read
 * is noted and holds nothing, for a cache is only there to save time. */
export class CacheSource implements ResultSource {
  readonly mounts?: RemoteMounts;
  readonly #location: CacheLocation;
  readonly #options: CacheSourceOptions;
  #loaded: Promise<Loaded> | undefined;

  constructor(location: CacheLocation, options: CacheSourceOptions) {
    this.#location = location;
    this.#options = options;
    const { mountsMaxBytes: limitBytes } = location;
    if (limitBytes !== undefined) this.mounts = { limitBytes, list: async () => (await this.#load()).mounts };
  }

  async find(key: string): Promise<RemoteResult | undefined> {
    return (await this.#load()).results.get(key);
  }

  #load(): Promise<Loaded> {
    this.#loaded ??= this.#import();
    return this.#loaded;
  }

  async #import(): Promise<Loaded> {
    const { emit } = this.#options;
    const id = `internal:importing cache from ${describeLocation(this.#location)}`;
    emit({ kind: "vertex", id, name: id.replace("internal:", "[internal] "), inputs: [] });
    emit({ kind: "vertex-started", id, timeMs: Date.now() });
    try {
      const loaded = this.#index(await this.#read());
      emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome: "done" });
      return loaded;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome: "done" });
      emit({ kind: "note", text: `no cache imported: ${message}` });
      return { results: new Map(), mounts: [] };
    }
  }

  async #read(): Promise<CacheDocument> {
    const { readLayoutCache, readRegistryCache } = await import("../cache/index.ts");
    const { store, registry } = this.#options;
    return this.#location.type === "local"
      ? await readLayoutCache(this.#location.directory, this.#location.name)
      : await readRegistryCache(this.#location.reference, await registry(), store.content);
  }

  #index({ layers, results, mounts = [] }: CacheDocument): Loaded {
    const reference = blobReference(this.#location);
    const byKey = new Map<string, RemoteResult>();
    for (const { key, layer, ...facts } of results)
      byKey.set(key, { ...facts, ...layers[layer]!, reference });
    return {
      results: byKey,
      mounts: mounts.map(({ layer, ...facts }) => ({ ...facts, ...layers[layer]!, reference })),
    };
  }
}

export function describeLocation(location: CacheLocation): string {
  return location.type === "local" ? location.directory : location.reference;
}

const layoutScheme = "oci-layout://";

/** What a blob of the cache is fetched by: an image reference, or the directory of a layout. */
function blobReference(location: CacheLocation): string {
  return location.type === "local" ? `${layoutScheme}${location.directory}` : location.reference;
}

export function isLayoutReference(reference: string): boolean {
  return reference.startsWith(layoutScheme);
}

/** Brings a blob of a layout into the content store, verified. */
export async function fetchFromLayout(
  reference: string,
  blob: Descriptor,
  content: ContentStore,
): Promise<void> {
  const { fetchLayoutBlob } = await import("../cache/index.ts");
  await fetchLayoutBlob(reference.slice(layoutScheme.length), blob, content);
}
