import { fdatasync, fsync, writev } from "node:fs";
import { promisify } from "node:util";

/** Enough for one call, little enough to keep for every blob in flight. */
const batchBytes = 1024 * 1024;
/** The disk starts on what has come so far, instead of waiting for the end of the blob. */
const syncBytes = 32 * 1024 * 1024;

/** One in the process: they would take all of Node's few threads, and then nobody writes. */
let isSyncing = false;

/** Writes a file while whoever fills it does something else, in order, with bounded memory. Wait for `settle` before the file is closed. */
export class WriteBehind {
  readonly #fd: number;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #unsyncedBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Its failure counts: the kernel tells it once. */
  #syncing: Promise<void> = Promise.resolve();

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Takes bytes, which must not change any more. Waits for the disk when it lags behind; rejects when an earlier write failed. */
  async add(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    if (this.#batchBytes >= batchBytes) await this.#flush();
  }

  /** Resolves when everything is on the disk. */
  async sync(): Promise<void> {
    await this.#flush();
    await this.#writing;
    await this.#syncing;
    await promisify(fsync)(this.#fd);
  }

  /** Resolves, whatever failed, when nothing uses the file any more. */
  async settle(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#unsyncedBytes += this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#writing = writeAll(this.#fd, batch);
    this.#writing.catch(() => {}); // thrown by the next `add` or by `sync`
    if (this.#unsyncedBytes >= syncBytes && !isSyncing) this.#startSync();
  }

  #startSync(): void {
    isSyncing = true;
    this.#unsyncedBytes = 0;
    const before = this.#syncing;
    const synced = promisify(fdatasync)(this.#fd).finally(() => {
      isSyncing = false;
    });
    this.#syncing = before.then(() => synced);
    this.#syncing.catch(() => {});
  }
}

async function writeAll(fd: number, chunks: readonly Uint8Array[]): Promise<void> {
  for (let left = chunks; left.length > 0; ) {
    const { bytesWritten } = await promisify(writev)(fd, left);
    left = skipBytes(left, bytesWritten);
  }
}

function skipBytes(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  for (const [index, chunk] of chunks.entries()) {
    if (skip < chunk.length) return [chunk.subarray(skip), ...chunks.slice(index + 1)];
    skip -= chunk.length;
  }
  return [];
}
