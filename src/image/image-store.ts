import type { Store } from "../content/index.ts";
import { formatReference, OciError, parseReference } from "../oci/index.ts";
import { checkName } from "./check-name.ts";
import { ImageError } from "./image-error.ts";
import type { StoredRecord } from "./image-record.ts";
import { knownImageId } from "./known-image.ts";
import { type ImageName, NameFiles } from "./name-files.ts";
import { RecordFiles, type RecordId } from "./record-files.ts";

/** An image of the store as a user sees it. */
export interface StoredImage {
  readonly recordId: RecordId;
  readonly record: StoredRecord;
  /** Records of the same image, for example by another way into the store; `list` shows them as one. */
  readonly otherRecordIds: readonly RecordId[];
  /** `sha256:…`: the digest of the image's config, as in docker, once the diffIDs of its layers are known; of an index, its
   * digest, once it was assembled. Until then the id of its record, which stays valid for `find`. */
  readonly id: string;
  /** Normalised, sorted; empty for an image that lost its names. */
  readonly names: readonly string[];
  /** When the newest of its names was set, or the record was put. */
  readonly updatedAtMs: number;
}

/** Images by name. Records are immutable; a name is moved by one rename, so readers see the old image or the new one, and
 * several processes may work at once. */
export class ImageStore {
  readonly #store: Store;
  readonly #records: RecordFiles;
  readonly #names: NameFiles;
  /** What this process has put, in case another one removes it before it gets its name. */
  readonly #put = new Map<RecordId, StoredRecord>();

  constructor(store: Store) {
    this.#store = store;
    this.#records = new RecordFiles(store);
    this.#names = new NameFiles(store);
  }

  /** Stores a record; idempotent. */
  putRecord(record: StoredRecord): RecordId {
    return this.putRecords([record])[0]!;
  }

  /** `putRecord` for many, which takes far less time than one by one. */
  putRecords(records: readonly StoredRecord[]): readonly RecordId[] {
    const ids = this.#records.putAll(records);
    for (const [index, id] of ids.entries()) this.#put.set(id, records[index]!);
    return ids;
  }

  /** Points a normalised name to a record, wherever it pointed before.
   * @throws {ImageError} `IMAGE_NOT_FOUND` when there is no such record | `NAME_MISMATCH` when the name has another image's digest */
  setName(name: string, id: RecordId): void {
    this.setNames(new Map([[name, id]]));
  }

  /** `setName` for many, which takes far less time than one by one.
   * @throws as `setName` */
  setNames(names: ReadonlyMap<string, RecordId>): void {
    for (const [name, id] of names) this.#checkName(name, id);
    this.#names.set(names);
    for (const id of new Set(names.values())) this.#restoreRecord(id);
  }

  /** The image that a normalised name points to. */
  get(name: string): StoredRecord | undefined {
    const found = this.#names.get(name);
    return found && this.#records.get(found.record);
  }

  /** The image that a user means: a name, or the beginning of an id.
   * @throws {ImageError} `IMAGE_NOT_FOUND` | `AMBIGUOUS_ID` */
  find(nameOrId: string): StoredImage {
    const name = tryNormalise(nameOrId);
    const id = name === undefined ? undefined : this.#names.get(name)?.record;
    const images = this.list();
    const named = images.find((image) => image.recordId === id || image.otherRecordIds.includes(id ?? ""));
    if (named) return named;
    const prefix = nameOrId.replace(/^sha256:/, "");
    if (!/^[0-9a-f]{1,64}$/.test(prefix)) throw notFound(nameOrId);
    const matches = images.filter((image) => startsWith(image, prefix));
    if (matches.length > 1) throw ambiguous(nameOrId);
    if (!matches[0]) throw notFound(nameOrId);
    return matches[0];
  }

  /** All images, those without a name too, newest first. */
  list(): readonly StoredImage[] {
    const byId = new Map<string, StoredImage>();
    for (const image of this.listRecords()) {
      const newer = byId.get(image.id);
      byId.set(image.id, newer ? mergeImages(newer, image) : image);
    }
    return [...byId.values()];
  }

  /** Every record for itself, newest first. */
  listRecords(): readonly StoredImage[] {
    const names = groupByRecord(this.#names.list());
    return this.#records
      .list()
      .map((id) => this.#toImage(id, names.get(id) ?? []))
      .filter((image) => image !== undefined)
      .sort((a, b) => b.updatedAtMs - a.updatedAtMs);
  }

  /** Takes a normalised name away; its image stays. False when there was no such name. */
  removeName(name: string): boolean {
    return this.#names.remove(name);
  }

  /** Removes a record that has no name. Its layers and blobs stay until a prune. False when it has a name. */
  removeRecord(id: RecordId): boolean {
    const isNamed = () => this.#names.list().some(({ record }) => record === id);
    const record = this.#records.get(id);
    if (isNamed()) return false;
    this.#records.remove(id);
    if (!record || !isNamed()) return true;
    // It was named in between: whoever named it looked for the record before it was removed, or will put it back.
    this.#records.put(record);
    return false;
  }

  /** When the record was last put, in milliseconds since the epoch. */
  usedAtMs(id: RecordId): number | undefined {
    return this.#records.usedAtMs(id);
  }

  #checkName(name: string, id: RecordId): void {
    const record = this.#put.get(id) ?? this.#records.get(id);
    if (record) checkName(this.#store, name, record);
  }

  /** Another process may have found the record without a name and removed it; it looks again after that, see removeRecord. */
  #restoreRecord(id: RecordId): void {
    if (this.#records.get(id)) return;
    const record = this.#put.get(id);
    if (!record) throw notFound(id);
    this.#records.put(record);
  }

  #toImage(id: RecordId, names: readonly ImageName[]): StoredImage | undefined {
    const record = this.#records.get(id);
    if (!record) return undefined;
    return {
      recordId: id,
      record,
      otherRecordIds: [],
      id: knownImageId(this.#store, record) ?? `sha256:${id}`,
      names: names.map(({ name }) => name),
      updatedAtMs: Math.max(0, ...names.map((name) => name.updatedAtMs)) || (this.usedAtMs(id) ?? 0),
    };
  }
}

function mergeImages(newer: StoredImage, older: StoredImage): StoredImage {
  return {
    ...newer,
    otherRecordIds: [...newer.otherRecordIds, older.recordId],
    names: [...newer.names, ...older.names].sort(),
  };
}

function groupByRecord(names: readonly ImageName[]): ReadonlyMap<RecordId, readonly ImageName[]> {
  const groups = new Map<RecordId, ImageName[]>();
  for (const name of names) {
    const group = groups.get(name.record);
    if (group) group.push(name);
    else groups.set(name.record, [name]);
  }
  return groups;
}

function startsWith(image: StoredImage, prefix: string): boolean {
  const recordIds = [image.recordId, ...image.otherRecordIds];
  return image.id.startsWith(`sha256:${prefix}`) || recordIds.some((id) => id.startsWith(prefix));
}

/** Undefined for what is no reference, for example an id of 64 digits. */
export function tryNormalise(text: string): string | undefined {
  try {
    return formatReference(parseReference(text));
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

function notFound(nameOrId: string): ImageError {
  return new ImageError("IMAGE_NOT_FOUND", `No such image: ${nameOrId}`);
}

function ambiguous(id: string): ImageError {
  return new ImageError("AMBIGUOUS_ID", `Cannot find image "${id}": several ids begin like this`);
}
