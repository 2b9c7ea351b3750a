import type { LayerId, Store } from "../../content/index.ts";
import { layerIdentity, type StackLayer } from "../stack.ts";
import { type CacheKey, cacheKey, type KeyParts } from "./key-parts.ts";

/** What a step made, kept under the key of everything that it depends on. */
export interface StepRecord {
  readonly layer: LayerId;
  readonly identity: string;
  readonly createdAtMs: number;
  readonly durationMs: number;
  /** Name of the step, for people. */
  readonly step: string;
  readonly parts: KeyParts;
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

  /** The parts of the last run of the step in `slot`, whether its layer is still there or not. */
  lastParts(slot: string): KeyParts | undefined {
    return parseStepRecord(this.#store.cache.get(slotKey(slot)))?.parts;
  }

  /** The layer that the last run of the step in `slot` made, if it is still there; marked as used. */
  lastLayer(slot: string): LayerId | undefined {
    const record = parseStepRecord(this.#store.cache.get(slotKey(slot)));
    return record && this.#store.layers.touch(record.layer) ? record.layer : undefined;
  }

  putLast(slot: string, record: StepRecord): void {
    this.#store.cache.put(slotKey(slot), record);
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

function slotKey(slot: string): CacheKey {
  return cacheKey({ slot });
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
