import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import path from "node:path";
import type { Store } from "../content/index.ts";
import { canonicalJson, isErrno } from "../util/index.ts";
import type { ImageRecord, StoredRecord } from "./image-record.ts";
import { imagesOf, isIndex } from "./select-image.ts";
import { writeStoreFiles } from "./write-store-files.ts";

/** 64 hexadecimal digits: the sha256 of the record's canonical JSON. */
export type RecordId = string;

/** The id under which the store keeps a record. */
export function recordId(record: StoredRecord): RecordId {
  return createHash("sha256").update(canonicalJson(record)).digest("hex");
}

/** `images/records/`: immutable files named by the hash of their bytes. */
export class RecordFiles {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Stores the record, or marks it as used now when it is there. */
  put(record: StoredRecord): RecordId {
    return this.putAll([record])[0]!;
  }

  /** `put` for many, which waits for the disk once. */
  putAll(records: readonly StoredRecord[]): readonly RecordId[] {
    const files = new Map<string, string>();
    const ids = records.map((record) => {
      const id = recordId(record);
      if (this.get(id)) this.#touch(id);
      else files.set(this.#fileOf(id), canonicalJson(record));
      return id;
    });
    writeStoreFiles(this.#store, files);
    return ids;
  }

  /** Undefined when it is absent or its bytes are not those that it is named by. */
  get(id: RecordId): StoredRecord | undefined {
    const bytes = this.#read(id);
    if (!bytes || createHash("sha256").update(bytes).digest("hex") !== id) return undefined;
    return parseRecord(JSON.parse(bytes.toString()));
  }

  /** When the record was last put, in milliseconds since the epoch. */
  usedAtMs(id: RecordId): number | undefined {
    return statSync(this.#fileOf(id), { throwIfNoEntry: false })?.mtimeMs;
  }

  remove(id: RecordId): void {
    rmSync(this.#fileOf(id), { force: true });
  }

  /** In no order. */
  list(): readonly RecordId[] {
    return readdirSync(this.#store.paths.imageRecords)
      .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
      .map((name) => path.basename(name, ".json"));
  }

  #touch(id: RecordId): void {
    const now = new Date();
    try {
      utimesSync(this.#fileOf(id), now, now);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }

  #read(id: RecordId): Buffer | undefined {
    try {
      return readFileSync(this.#fileOf(id));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  #fileOf(id: RecordId): string {
    if (!/^[0-9a-f]{64}$/.test(id)) throw new Error(`Internal error: ${JSON.stringify(id)} is no record id`);
    return path.join(this.#store.paths.imageRecords, `${id}.json`);
  }
}

/** Only what an older or newer version may have written otherwise is checked: the bytes are those that were once put. */
function parseRecord(value: unknown): StoredRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as StoredRecord;
  if (isIndex(record) && (record.kind !== "index" || !Array.isArray(record.images))) return undefined;
  return imagesOf(record).every(isKnown) ? record : undefined;
}

function isKnown({ config, layers }: Partial<ImageRecord>): boolean {
  if (typeof config !== "object" || !Array.isArray(layers)) return false;
  return (layers as ImageRecord["layers"]).every(({ kind }) => kind === "directory" || kind === "blob");
}
