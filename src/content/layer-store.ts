import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  type DiffID,
  type Digest,
  type LayerCompression,
  type LayerTimes,
  parseDiffID,
  parseDigest,
} from "../oci/index.ts";
import { canonicalJson, isErrno, writeFileAtomic } from "../util/index.ts";
import { comesBack } from "./comes-back.ts";
import { ContentError } from "./content-error.ts";
import { readJsonFile } from "./json-file.ts";
import type { SyncMarks, WriteStamp } from "./sync-marks.ts";
import type { TempDirs } from "./temp-dirs.ts";

/** 12 random characters of `[0-9a-z]`; never leaves the machine. */
export type LayerId = string;

/** `meta.json`, written before the layer is renamed into place. */
export interface LayerMeta {
  /** Sum of the sizes of regular files, each inode once. */
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

/** `pack.json`: what is known of a layer's tar. The diffID never changes; blobs are added. A tar with other times than the files'
 * own has a file of its own beside it, `pack-<rule>-<seconds>.json`. */
export interface PackInfo {
  readonly diffID: DiffID;
  readonly tarSizeBytes: number;
  readonly blobs: readonly PackedBlob[];
}

/** Beside a layer's tree: of what its files were copied, for `selectionChanges` of `tree`. */
export const selectionFile = "selection";

/** A form of the tar in the content store (or once there: ask `ContentStore.has`). */
export interface PackedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
  readonly compression: LayerCompression;
  /** Of the blob's tar where it is another than the layer's (estargz). */
  readonly diffID?: DiffID;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Absent for the compression's default level, and for a blob that was pulled. */
  readonly level?: number;
}

const idLength = 12;
const idPattern = /^[0-9a-z]{12}$/;
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A new id, never used before. */
export function newLayerId(): LayerId {
  let id = "";
  while (id.length < idLength) {
    // Bytes from 252 on are dropped: 252 is the largest multiple of 36 in a byte.
    for (const byte of randomBytes(idLength)) {
      if (byte < 252 && id.length < idLength) id += alphabet[byte % alphabet.length];
    }
  }
  return id;
}

/** `layers/`: one directory for each layer, whole or absent. */
export class LayerStore {
  readonly #dir: string;
  readonly #temp: TempDirs;
  readonly #marks: SyncMarks;

  constructor(dir: string, temp: TempDirs, marks: SyncMarks) {
    this.#dir = dir;
    this.#temp = temp;
    this.#marks = marks;
  }

  /** Absolute path of `layers/<id>`.
   * @throws {ContentError} `INVALID_NAME` */
  dirOf(id: LayerId): string {
    if (!idPattern.test(id)) {
      throw new ContentError("INVALID_NAME", `Cannot use layer ${JSON.stringify(id)}: not a layer's id`);
    }
    return `${this.#dir}/${id}`;
  }

  /** Absolute path of the tree, ready to be an overlay lower directory. */
  fsOf(id: LayerId): string {
    return `${this.dirOf(id)}/fs`;
  }

  #metaOf(id: LayerId): string {
    return `${this.dirOf(id)}/meta.json`;
  }

  /** What `selectionFile` holds, in latin1; undefined when there is none. */
  readSelection(id: LayerId): string | undefined {
    try {
      return readFileSync(path.join(this.dirOf(id), selectionFile), "latin1");
    } catch (error) {
      if (isErrno(error, "ENOENT", "EACCES")) return undefined;
      throw error;
    }
  }

  /** Keeps what `readSelection` is to find beside a layer that is there; nothing for an empty text. */
  keepSelection(id: LayerId, selection: string): void {
    if (selection === "") return;
    writeFileAtomic(
      path.join(this.dirOf(id), selectionFile),
      Buffer.from(selection, "latin1"),
      this.#temp.dir(),
    );
  }

  has(id: LayerId): boolean {
    return this.readMeta(id) !== undefined;
  }

  /** Undefined when there is no such layer, or when a power cut may have damaged it. */
  readMeta(id: LayerId): LayerMeta | undefined {
    const found = parseMeta(readJsonFile(this.#metaOf(id)));
    return found && this.#marks.isTrusted(found.written) ? found.meta : undefined;
  }

  /** Is the layer here, and counts as absent because the machine was restarted before it was on the disk? */
  isUnsynced(id: LayerId): boolean {
    const found = parseMeta(readJsonFile(this.#metaOf(id)));
    return found !== undefined && !this.#marks.isTrusted(found.written);
  }

  /** Writes `meta.json` into `temporaryDir`, which holds `fs`, and makes it layer `id`. Nothing is written to the disk yet: see
   * `sync`. */
  commit(id: LayerId, temporaryDir: string, meta: LayerMeta): void {
    const text = JSON.stringify({ ...meta, written: this.#marks.stamp() });
    writeFileSync(path.join(temporaryDir, "meta.json"), text, { mode: 0o600 });
    renameSync(temporaryDir, this.dirOf(id));
  }

  /** Makes the layers that were committed so far outlive a power cut. Those of which this is not known are absent once the machine
   * has been restarted.
   * @param syncFileSystem writes all files of a directory's file system to the disk; called when there are new layers */
  async sync(syncFileSystem: (directory: string) => Promise<void>): Promise<void> {
    await this.#marks.sync(syncFileSystem);
  }

  /** Marks the layer as used now, so that `prune` keeps it while this process lives. False when it is not there. */
  touch(id: LayerId): boolean {
    if (!this.has(id)) return false;
    this.#temp.dir(); // a prune that starts later sees this process
    const nowSeconds = Date.now() / 1000;
    try {
      const file = this.#metaOf(id);
      utimesSync(file, nowSeconds, nowSeconds);
      return comesBack(file);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  }

  /** When the layer was made or last touched, in milliseconds since the epoch; undefined when it is not there. */
  usedAtMs(id: LayerId): number | undefined {
    return statSync(this.#metaOf(id), { throwIfNoEntry: false })?.mtimeMs;
  }

  /** Takes a layer that was not used since `usedAtMs` out of the store, at once; its tree is then removed by the worker.
   * @returns where it is now, in this process's temporary directory; undefined when it was used, or is not there */
  takeOut(id: LayerId, usedAtMs: number): string | undefined {
    if (this.usedAtMs(id) !== usedAtMs) return undefined;
    const taken = this.#temp.newPath("layer");
    try {
      renameSync(this.dirOf(id), taken);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined; // another prune was faster
      throw error;
    }
    // Whoever touched it between the look and the rename gets it back.
    if (statSync(path.join(taken, "meta.json")).mtimeMs === usedAtMs) return taken;
    renameSync(taken, this.dirOf(id));
    return undefined;
  }

  /** Undefined while no tar of the layer, with these times, was made or unpacked. */
  readPack(id: LayerId, times?: LayerTimes): PackInfo | undefined {
    return parsePack(readJsonFile(path.join(this.dirOf(id), packName(times))));
  }

  /** What is known of all tars of the layer, whatever their times. */
  listPacks(id: LayerId): readonly PackInfo[] {
    const files = readdirSync(this.dirOf(id)).filter((name) => packPattern.test(name));
    return files.flatMap((name) => parsePack(readJsonFile(path.join(this.dirOf(id), name))) ?? []);
  }

  /** Adds what is known of the layer's tar. Two processes at once may lose a blob's entry, never mix up two tars.
   * @throws {Error} when the diffID differs from the one known: a layer's tar is always the same */
  addPack(id: LayerId, pack: PackInfo, times?: LayerTimes): void {
    const known = this.readPack(id, times);
    if (known && known.diffID !== pack.diffID) {
      throw new Error(`Internal error: layer ${id} has diffID ${known.diffID}, and now ${pack.diffID}`);
    }
    const isNew = (blob: PackedBlob) => pack.blobs.every((added) => added.digest !== blob.digest);
    const blobs = [...(known?.blobs.filter(isNew) ?? []), ...pack.blobs];
    const whole = { ...pack, blobs };
    writeFileAtomic(
      path.join(this.dirOf(id), packName(times)),
      JSON.stringify({ ...whole, sum: sumOf(whole) }),
      this.#temp.dir(),
    );
  }

  /** Ids of all layers, in no order. */
  list(): readonly LayerId[] {
    return readdirSync(this.#dir).filter((name) => idPattern.test(name));
  }
}

const packPattern = /^pack(-[a-z-]+--?\d+)?\.json$/;

function packName(times: LayerTimes | undefined): string {
  return times ? `pack-${times.rule}-${times.seconds}.json` : "pack.json";
}

function parseMeta(value: unknown): { meta: LayerMeta; written: WriteStamp | undefined } | undefined {
  const { sizeBytes, createdAtMs, written } = (value ?? {}) as Partial<LayerMeta & { written: WriteStamp }>;
  if (typeof sizeBytes !== "number" || typeof createdAtMs !== "number") return undefined;
  return { meta: { sizeBytes, createdAtMs }, written };
}

/** A file that does not parse, or was damaged, counts as absent: the tar can be made again. One digit of a diffID that is not the right
 * one would make another image. A file without a sum is older. */
function parsePack(value: unknown): PackInfo | undefined {
  try {
    const { sum, ...pack } = (value ?? {}) as Partial<PackInfo> & { sum?: unknown };
    const { diffID, tarSizeBytes, blobs } = pack;
    if (sum !== undefined && sum !== sumOf(pack)) return undefined;
    if (typeof tarSizeBytes !== "number" || !Array.isArray(blobs)) return undefined;
    for (const blob of blobs as PackedBlob[]) {
      parseDigest(blob.digest);
      if (blob.diffID !== undefined) parseDiffID(blob.diffID);
    }
    return { diffID: parseDiffID(diffID), tarSizeBytes, blobs };
  } catch {
    return undefined;
  }
}

function sumOf(pack: Partial<PackInfo>): string {
  return createHash("sha256").update(canonicalJson(pack)).digest("hex");
}
