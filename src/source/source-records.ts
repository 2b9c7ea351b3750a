import { createHash } from "node:crypto";
import type { LayerId, Store } from "../content/index.ts";
import { canonicalJson } from "../util/index.ts";

/** What was fetched: a layer directory of the store, and facts about it. */
export interface SourceRecord {
  readonly layer: LayerId;
  /** Equal for equal trees, on every machine. */
  readonly identity: string;
  readonly createdAtMs: number;
  /** What it is, for people. */
  readonly step: string;
  readonly parts: Readonly<Record<string, string>>;
}

/** What is known of fetched sources, in the store's cache records. A record whose layer is gone counts as absent; a layer that is
 * found is marked as used, so that a prune leaves it to this build. */
export class SourceRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param name everything that the tree depends on */
  find(name: Readonly<Record<string, unknown>>): SourceRecord | undefined {
    const record = parseRecord(this.#store.cache.get(keyOf(name)));
    return record && this.#store.layers.touch(record.layer) ? record : undefined;
  }

  put(name: Readonly<Record<string, unknown>>, record: SourceRecord): void {
    this.#store.cache.put(keyOf(name), record);
  }
}

/** One value for everything in `parts`. */
export function sourceIdentity(parts: Readonly<Record<string, unknown>>): string {
  return keyOf({ identity: parts });
}

function keyOf(name: Readonly<Record<string, unknown>>): string {
  return createHash("sha256")
    .update(canonicalJson({ source: name }))
    .digest("hex");
}

/** A record may be older or damaged: what does not look like one is no record. */
function parseRecord(value: unknown): SourceRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { layer, identity, createdAtMs, step, parts } = value as Partial<SourceRecord>;
  const isRecord =
    /^[0-9a-z]{12}$/.test(String(layer)) &&
    typeof identity === "string" &&
    typeof createdAtMs === "number" &&
    typeof step === "string" &&
    typeof parts === "object" &&
    parts !== null &&
    Object.values(parts).every((part) => typeof part === "string");
  return isRecord ? (value as SourceRecord) : undefined;
}
