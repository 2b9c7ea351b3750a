import { createHash } from "node:crypto";
import { closeSync, fsync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import type { Digest } from "../oci/index.ts";
import { isErrno } from "../util/index.ts";
import { ContentError } from "./content-error.ts";
import { WriteBehind } from "./write-behind.ts";

export interface ExpectedBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** From here on one sync of the whole file system takes less time than one of each file. */
export const manyFiles = 100;

/** A blob that is written, and that no reader sees yet. */
export interface FinishedBlob extends ExpectedBlob {
  place(): void;
  /** Instead of `place`. */
  abort(): void;
}

/** Writes one blob of the content store. Nothing is visible before `commit`; without it call `abort`, or use `using`. */
export class BlobWriter implements Disposable {
  readonly #temporary: string;
  readonly #pathOf: (digest: Digest) => string;
  readonly #hash = createHash("sha256");
  #fd: number | undefined;
  #sizeBytes = 0;
  #isSynced = false;
  #isCommitted = false;

  /** @param temporary a path on the store's file system where nothing is yet */
  constructor(temporary: string, pathOf: (digest: Digest) => string) {
    this.#temporary = temporary;
    this.#pathOf = pathOf;
    this.#fd = openSync(temporary, "wx", 0o600);
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** @throws {ContentError} `NO_SPACE` */
  write(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
    this.#guard(() => {
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(this.#open(), chunk, offset);
    });
  }

  /** Waits, without blocking the process, until the bytes are on the disk; `commit` then has little left to do. */
  async sync(): Promise<void> {
    await promisify(fsync)(this.#open());
    this.#isSynced = true;
  }

  /** Takes all bytes of `source` and brings them onto the disk; they are written while the next ones are hashed. `commit` or `abort`
   * follows. Stops reading past `limitBytes`, with `sizeBytes` beyond it.
   * @throws {ContentError} `NO_SPACE`, or what `source` throws */
  async writeAll(source: AsyncIterable<Uint8Array>, limitBytes: number): Promise<void> {
    const file = new WriteBehind(this.#open());
    try {
      for await (const chunk of source) {
        this.#hash.update(chunk);
        this.#sizeBytes += chunk.length;
        if (this.#sizeBytes > limitBytes) return;
        await file.add(chunk).catch(rethrow);
      }
      await file.sync().catch(rethrow);
      this.#isSynced = true;
    } finally {
      await file.settle();
    }
  }

  /** Makes the blob visible under its digest, whole and on the disk; an equal blob that is there already is replaced, which
   * heals a damaged one.
   * @throws {ContentError} `SIZE_MISMATCH` | `DIGEST_MISMATCH` when it is not `expected` | `NO_SPACE` */
  commit(expected?: ExpectedBlob): ExpectedBlob {
    const digest = `sha256:${this.#hash.digest("hex")}` as Digest;
    if (expected) verify(expected, { digest, sizeBytes: this.#sizeBytes });
    this.#guard(() => {
      if (!this.#isSynced) fsyncSync(this.#open());
      renameSync(this.#temporary, this.#pathOf(digest));
      this.#isCommitted = true;
      this.#close();
    });
    return { digest, sizeBytes: this.#sizeBytes };
  }

  /** Ends the blob without waiting for the disk. Only when its bytes are there, `place` makes it visible. */
  finish(): FinishedBlob {
    const digest = `sha256:${this.#hash.digest("hex")}` as Digest;
    this.#guard(() => this.#close());
    const [temporary, file] = [this.#temporary, this.#pathOf(digest)];
    return {
      digest,
      sizeBytes: this.#sizeBytes,
      place: () => renameSync(temporary, file),
      abort: () => rmSync(temporary, { force: true }),
    };
  }

  /** Throws the bytes away. Does nothing after `commit` or `finish`. */
  abort(): void {
    if (this.#fd === undefined) return;
    if (!this.#isCommitted) rmSync(this.#temporary, { force: true });
    this.#close();
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error("Internal error: blob writer used after its end");
    return this.#fd;
  }

  #close(): void {
    const fd = this.#open();
    this.#fd = undefined;
    closeSync(fd);
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw toContentError(error);
    }
  }
}

function verify(expected: ExpectedBlob, got: ExpectedBlob): void {
  if (got.sizeBytes !== expected.sizeBytes) {
    throw new ContentError(
      "SIZE_MISMATCH",
      `Cannot verify blob ${expected.digest}: expected ${expected.sizeBytes} bytes, got ${got.sizeBytes}`,
    );
  }
  if (got.digest !== expected.digest) {
    throw new ContentError(
      "DIGEST_MISMATCH",
      `Cannot verify blob ${expected.digest}: the bytes received have digest ${got.digest}`,
    );
  }
}

function rethrow(error: unknown): never {
  throw toContentError(error);
}

/** A full disk gets a code of its own; everything else stays what it was. */
function toContentError(error: unknown): unknown {
  if (!isErrno(error, "ENOSPC", "EDQUOT")) return error;
  return new ContentError("NO_SPACE", "Cannot write a blob to the store: no space left on device", {
    cause: error,
  });
}
