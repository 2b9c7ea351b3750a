import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { type Digest, digestHex, digestOf } from "../oci/index.ts";
import { syncFileSystem } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";
import { BlobWriter, type ExpectedBlob, type FinishedBlob, manyFiles } from "./blob-writer.ts";
import { comesBack } from "./comes-back.ts";
import { ContentError } from "./content-error.ts";
import type { TempDirs } from "./temp-dirs.ts";

/** `blobs/sha256/`: bytes by their digest. A blob is whole or absent; several processes may write the same one. */
export class ContentStore {
  readonly #dir: string;
  readonly #temp: TempDirs;
  /** By this process: no prune removes them any more. */
  readonly #touched = new Set<Digest>();

  constructor(dir: string, temp: TempDirs) {
    this.#dir = dir;
    this.#temp = temp;
  }

  /** Is the blob here, with this size when one is given? Its bytes are not read. What is to be used must be touched. */
  has(digest: Digest, sizeBytes?: number): boolean {
    const stat = statSync(this.pathOf(digest), { throwIfNoEntry: false });
    return stat !== undefined && (sizeBytes === undefined || stat.size === sizeBytes);
  }

  /** Marks the blob as used now, so that `prune` keeps it while this process lives. False when it is not here, with this size when
   * one is given. */
  touch(digest: Digest, sizeBytes?: number): boolean {
    if (!this.has(digest, sizeBytes)) return false;
    this.#temp.dir(); // a prune that starts later sees this process
    const now = new Date();
    try {
      utimesSync(this.pathOf(digest), now, now);
      this.#touched.add(digest);
      return comesBack(this.pathOf(digest));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  }

  /** Where the blob is, or will be. Readers must verify what they read from there. */
  pathOf(digest: Digest): string {
    return path.join(this.#dir, digestHex(digest));
  }

  /** The bytes of a small blob, verified. A blob found damaged is removed, so that it can be fetched again.
   * @throws {ContentError} `BLOB_NOT_FOUND` | `SIZE_EXCEEDED` | `DIGEST_MISMATCH` */
  read(digest: Digest, limitBytes: number): Buffer {
    const bytes = this.#readBounded(digest, limitBytes);
    if (digestOf(bytes) === digest) return bytes;
    this.remove(digest);
    throw damaged(digest);
  }

  /** The bytes of a blob in pieces, as many as `sizeBytes`. They are followed by an error when they are not what the digest says,
   * so nothing made of them may be kept before the end. A blob found damaged is removed.
   * @throws {ContentError} `BLOB_NOT_FOUND` | `SIZE_MISMATCH` | `DIGEST_MISMATCH` */
  async *stream(digest: Digest, sizeBytes: number): AsyncGenerator<Uint8Array> {
    if (this.#touched.has(digest)) comesBack(this.pathOf(digest));
    const stat = statSync(this.pathOf(digest), { throwIfNoEntry: false });
    if (!stat) throw notFound(digest);
    if (stat.size !== sizeBytes) throw wrongSize(digest, sizeBytes, stat.size);
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(this.pathOf(digest), { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
    if (`sha256:${hash.digest("hex")}` === digest) return;
    this.remove(digest);
    throw damaged(digest);
  }

  /** Stores the bytes of `source`, which must be exactly `expected`. Atomic and idempotent: readers see the whole blob or
   * none. Stops reading as soon as there are more bytes than expected.
   * @throws {ContentError} `SIZE_EXCEEDED` | `SIZE_MISMATCH` | `DIGEST_MISMATCH` | `NO_SPACE`, or what `source` throws */
  async ingest(source: AsyncIterable<Uint8Array>, expected: ExpectedBlob): Promise<void> {
    using writer = this.createWriter();
    await writer.writeAll(source, expected.sizeBytes);
    if (writer.sizeBytes > expected.sizeBytes) throw tooLong(expected);
    writer.commit(expected);
  }

  /** For a blob whose digest is known only at its end. */
  createWriter(): BlobWriter {
    return new BlobWriter(this.#temp.newPath("blob"), (digest) => this.pathOf(digest));
  }

  /** Stores a small blob, or marks it as used now when it is there.
   * @throws {ContentError} `NO_SPACE` */
  put(bytes: string | Uint8Array): ExpectedBlob {
    const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    const digest = digestOf(data);
    if (this.touch(digest, data.length)) return { digest, sizeBytes: data.length };
    using writer = this.createWriter();
    writer.write(data);
    return writer.commit();
  }

  /** `put` for many, which waits for the disk once.
   * @throws {ContentError} `NO_SPACE`; {SysError} */
  putAll(all: readonly Uint8Array[]): readonly ExpectedBlob[] {
    if (all.length <= manyFiles) return all.map((bytes) => this.put(bytes));
    const blobs = all.map((bytes) => {
      using writer = this.createWriter();
      writer.write(bytes);
      return writer.finish();
    });
    this.placeAll(blobs);
    return blobs;
  }

  /** Makes finished blobs visible, after one wait for the disk.
   * @throws {SysError} */
  placeAll(blobs: readonly FinishedBlob[]): void {
    if (blobs.length > 0) syncFileSystem(this.#dir);
    for (const blob of blobs) blob.place();
  }

  remove(digest: Digest): void {
    this.#touched.delete(digest);
    rmSync(this.pathOf(digest), { force: true });
  }

  /** Removes a blob that was neither stored again nor touched since `usedAtMs`, its time in `list`. */
  removeUnused(digest: Digest, usedAtMs: number): void {
    const file = this.pathOf(digest);
    if (statSync(file, { throwIfNoEntry: false })?.mtimeMs !== usedAtMs) return;
    const taken = this.#temp.newPath("blob");
    try {
      renameSync(file, taken);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return; // another prune was faster
      throw error;
    }
    // Whoever touched it between the look and the rename gets it back.
    if (statSync(taken).mtimeMs === usedAtMs) rmSync(taken);
    else renameSync(taken, file);
  }

  /** When the blob was made or last touched, in milliseconds since the epoch; undefined when it is not there. */
  usedAtMs(digest: Digest): number | undefined {
    return statSync(this.pathOf(digest), { throwIfNoEntry: false })?.mtimeMs;
  }

  /** Every blob, in no order. */
  *list(): Generator<ExpectedBlob & { readonly mtimeMs: number }> {
    for (const name of readdirSync(this.#dir)) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const stat = statSync(path.join(this.#dir, name), { throwIfNoEntry: false });
      if (stat) yield { digest: `sha256:${name}` as Digest, sizeBytes: stat.size, mtimeMs: stat.mtimeMs };
    }
  }

  #readBounded(digest: Digest, limitBytes: number): Buffer {
    let fd: number;
    if (this.#touched.has(digest)) comesBack(this.pathOf(digest));
    try {
      fd = openSync(this.pathOf(digest), "r");
    } catch (error) {
      throw isErrno(error, "ENOENT") ? notFound(digest) : error;
    }
    try {
      const { size } = fstatSync(fd);
      if (size > limitBytes) throw tooLarge(digest, size, limitBytes);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

function notFound(digest: Digest): ContentError {
  return new ContentError("BLOB_NOT_FOUND", `Cannot read blob ${digest}: not in the store`);
}

function damaged(digest: Digest): ContentError {
  return new ContentError(
    "DIGEST_MISMATCH",
    `Cannot verify blob ${digest}: its bytes in the store have changed`,
    { hint: "the damaged blob was removed; pull or build the image again" },
  );
}

function wrongSize(digest: Digest, expected: number, got: number): ContentError {
  return new ContentError(
    "SIZE_MISMATCH",
    `Cannot verify blob ${digest}: expected ${expected} bytes, got ${got} in the store`,
  );
}

function tooLarge(digest: Digest, sizeBytes: number, limitBytes: number): ContentError {
  return new ContentError(
    "SIZE_EXCEEDED",
    `Cannot read blob ${digest}: expected at most ${limitBytes} bytes, got ${sizeBytes}`,
  );
}

function tooLong({ digest, sizeBytes }: ExpectedBlob): ContentError {
  return new ContentError(
    "SIZE_EXCEEDED",
    `Cannot verify blob ${digest}: expected ${sizeBytes} bytes, got more`,
  );
}
