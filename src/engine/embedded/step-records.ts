import type { LayerId, Store } from "../../content/index.ts";
import { layerIdentity, type StackLayer } from "../stack.ts";
import type { CacheKey, KeyParts } from "./key-parts.ts";

/** What a step made, kept under the key of everything that it depends on. */
export interface StepRecord {
  readonly layer: LayerId;
  readonly identity: string;
  readonly createdAtMs: number;
  readonly durationMs: number;
  /** Name of the step, for people. */
  readonly step: string;
  readonly parts: KeyParts;
  /** The image that the step stands on, `NAME@DIGEST`, when it is the first of its stage. */
  readonly baseImage?: string;
}

/** The step records of a store. A record whose layer is gone counts as absent. */
export class StepRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The layer recorded under `key`; it is marked as used, so that a prune leaves it to this build. */
  find(key: CacheKey): StackLayer | undefined {
    const record = parseStepRecord(this.#store.cache.get(key));
    return record && this.#store.layers.touch(record.layer) ? toStackLayer(record) : undefined;
  }

  put(key: CacheKey, record: StepRecord): void {
    this.#store.cache.put(key, record);
  }

  /** The last run of the step in one of `slots`, the first that has one, whether its layer is still there or not. */
  last(slots: readonly string[]): StepRecord | undefined {
    for (const slot of slots) {
      const { last } = (this.#store.cache.get(slot) ?? {}) as { last?: unknown };
      const record = parseStepRecord(last);
      if (record) return record;
    }
    return undefined;
  }

  /** Notes the last run of the step in `slot`. It needs no layer: a prune leaves it, so that the next run can say `pruned`. */
  putLast(slot: string, record: StepRecord): void {
    this.#store.cache.put(slot, { last: record });
  }

  /** The layer that the last run of the step in `slots` made, if it is still there; marked as used. */
  lastLayer(slots: readonly string[]): LayerId | undefined {
    const record = this.last(slots);
    return record && this.#store.layers.touch(record.layer) ? record.layer : undefined;
  }
}

export function toStackLayer(record: StepRecord): StackLayer {
  const { layer, identity, createdAtMs } = record;
  return {
    identity: layerIdentity(identity),
    layer: { kind: "directory", layer, identity },
    createdAtMs,
    step: record.step,
  };
}

/** A record may be older or tampered with: what does not look like one is no record. */
function parseStepRecord(value: unknown): StepRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as Partial<StepRecord>;
  const isRecord =
    typeof record.layer === "string" &&
    /^[0-9a-z]{12}$/.test(record.layer) &&
    typeof record.identity === "string" &&
    typeof record.createdAtMs === "number" &&
    typeof record.parts === "object" &&
    record.parts !== null;
  return isRecord ? (record as StepRecord) : undefined;
}
