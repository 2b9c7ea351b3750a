import type { LayerId, Store, CacheKey, KeyParts } from "../../content/index.ts";
import type { Descriptor, DiffID } from "../../oci/index.ts";
import { layerIdentity, type StackLayer } from "../stack.ts";
import type { RemoteResult, ResultSource } from "../step-result.ts";

/** What a step made, kept under the key of everything that it depends on. */
export interface StepRecord {
  /** Absent for a result of another machine. */
  readonly layer?: LayerId;
  /** A result of another machine, while its blob is in the content store. */
  readonly remote?: Pick<RemoteResult, "diffID" | "blob" | "reference">;
  readonly identity: string;
  readonly createdAtMs: number;
  readonly durationMs: number;
  /** Name of the step, for people. */
  readonly step: string;
  readonly parts: KeyParts;
  /** Every key that the result can be found by. */
  readonly keys?: readonly CacheKey[];
  /** The image that the step stands on, `NAME@DIGEST`, when it is the first of its stage. */
  readonly baseImage?: string;
  /** The images that a COPY read, `NAME@DIGEST`, by the part of the key. */
  readonly sourceImages?: KeyParts;
  /** The layers that bind mounts of other stages and images showed, by where, bottom first. They may be gone. */
  readonly mountedLayers?: MountedLayers;
  /** What it was made for, when that was a step of a Dockerfile; for `du` and `prune`. */
  readonly project?: string;
  readonly stage?: string;
}

export type MountedLayers = Readonly<Record<string, readonly LayerId[]>>;

/** A result that was found. */
export interface FoundStep {
  readonly layer: StackLayer;
  readonly durationMs: number;
  /** Every key that it can be found by. */
  readonly keys: readonly CacheKey[];
}

/** The step records of a store, and behind them the results of other machines. A record whose layer is gone counts as absent. */
export class StepRecords {
  readonly #store: Store;
  readonly #sources: readonly ResultSource[];
  readonly #remote = new Map<CacheKey, { result: RemoteResult; keys: readonly CacheKey[] }>();

  constructor(store: Store, sources: readonly ResultSource[] = []) {
    this.#store = store;
    this.#sources = sources;
  }

  /** The result recorded under `key`; its layer is marked as used, so that a prune leaves it to this build. */
  find(key: CacheKey): FoundStep | undefined {
    const record = parseStepRecord(this.#store.cache.get(key));
    if (!record || !this.#isThere(record)) return undefined;
    return { layer: toStackLayer(record), durationMs: record.durationMs, keys: record.keys ?? [key] };
  }

  /** The result that another machine has under `key`. It is kept under no other key that its cache names for it: a hostile one could
   * name those of any steps, and builds that never asked for that cache would find its layers. */
  async findRemote(key: CacheKey): Promise<FoundStep | undefined> {
    for (const source of this.#sources) {
      const result = await source.find(key);
      if (!result) continue;
      const keys = [key];
      this.#remote.set(key, { result, keys });
      return { layer: toStackLayer(fromRemote(result, keys)), durationMs: result.durationMs, keys };
    }
    return undefined;
  }

  /** Lets the result that was found under `known` be found under another key too.
   * @param parts of the key that is added */
  addKey(known: CacheKey, added: CacheKey, parts: KeyParts): void {
    const remote = this.#remote.get(known);
    if (remote) this.#remote.set(known, { ...remote, keys: [...remote.keys, added] });
    const record = parseStepRecord(this.#store.cache.get(known));
    if (record) this.put(added, { ...record, parts, keys: [...(record.keys ?? [known]), added] });
  }

  /** Keeps what was found elsewhere, of those results whose blobs are in the content store now. */
  keepRemote(): void {
    for (const { result, keys } of this.#remote.values()) {
      if (!this.#store.content.has(result.blob.digest, result.blob.size)) continue;
      for (const key of keys) this.put(key, fromRemote(result, keys));
    }
  }

  #isThere({ layer, remote }: StepRecord): boolean {
    if (layer !== undefined) return this.#store.layers.touch(layer);
    return remote !== undefined && this.#store.content.touch(remote.blob.digest, remote.blob.size);
  }

  put(key: CacheKey, record: StepRecord): void {
    this.#store.cache.put(key, record);
  }

  /** As `put`, for a layer that a step made: the next step need not wait until it is written. */
  putMade(
    record: Omit<StepRecord, "parts">,
    places: {
      readonly keys: readonly (readonly [CacheKey, KeyParts])[];
      /** Whose last run it is, by its first key. */
      readonly slots: readonly string[];
    },
  ): void {
    for (const [key, parts] of places.keys) this.#store.cache.putSoon(key, { ...record, parts });
    const last = { ...record, parts: places.keys[0]![1] };
    for (const slot of places.slots) this.#store.cache.putSoon(slot, { last });
  }

  /** Resolves when other processes can find what was recorded.
   * @throws what writing failed with */
  written(): Promise<void> {
    return this.#store.cache.written();
  }

  remove(key: CacheKey): void {
    this.#store.cache.remove(key);
  }

  /** The last run of the step in one of `slots`, the first that has one. It needs no layer: a prune leaves it, so that the next run can
   * say `pruned`. */
  last(slots: readonly string[]): StepRecord | undefined {
    for (const slot of slots) {
      const { last } = (this.#store.cache.get(slot) ?? {}) as { last?: unknown };
      const record = parseStepRecord(last);
      if (record) return record;
    }
    return undefined;
  }

  /** The layer that the last run of the step in `slots` made, if it is still there; marked as used. */
  lastLayer(slots: readonly string[]): LayerId | undefined {
    const record = this.last(slots);
    return record?.layer !== undefined && this.#store.layers.touch(record.layer) ? record.layer : undefined;
  }
}

export function toStackLayer(record: Omit<StepRecord, "parts">): StackLayer {
  const { layer, remote, identity, createdAtMs, step } = record;
  const facts = { identity: layerIdentity(identity), createdAtMs, step };
  if (layer !== undefined) return { ...facts, layer: { kind: "directory", layer, identity } };
  if (!remote) throw new Error("Internal error: a step's record names no layer");
  const { diffID, blob, reference } = remote;
  return { ...facts, layer: { kind: "blob", diffID, blob }, reference };
}

function fromRemote(result: RemoteResult, keys: readonly CacheKey[]): StepRecord {
  const { identity, createdAtMs, durationMs, step, ...remote } = result;
  return { remote, identity, createdAtMs, durationMs, step, keys, parts: {} };
}

/** A record may be older or tampered with: what does not look like one is no record. */
function parseStepRecord(value: unknown): StepRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as Partial<StepRecord>;
  const isRecord =
    (isLayerId(record.layer) || isRemote(record.remote)) &&
    typeof record.identity === "string" &&
    typeof record.createdAtMs === "number" &&
    typeof record.parts === "object" &&
    record.parts !== null &&
    (record.sourceImages === undefined || isObject(record.sourceImages)) &&
    (record.mountedLayers === undefined || isMountedLayers(record.mountedLayers)) &&
    (record.keys === undefined || (Array.isArray(record.keys) && record.keys.every(isKey)));
  return isRecord ? (record as StepRecord) : undefined;
}

function isKey(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isMountedLayers(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.values(value).every((layers) => Array.isArray(layers) && layers.every(isLayerId));
}

function isLayerId(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-z]{12}$/.test(value);
}

function isRemote(value: StepRecord["remote"]): boolean {
  const blob: Partial<Descriptor> | undefined = value?.blob;
  return isDigest(value?.diffID) && isDigest(blob?.digest) && typeof blob?.size === "number";
}

function isDigest(value: DiffID | string | undefined): boolean {
  return typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value);
}
