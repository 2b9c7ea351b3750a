import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { type DiffID, parseDiffID } from "../oci/index.ts";
import type { HostPath } from "../sys/index.ts";
import type { ByteSink } from "./byte-sink.ts";
import { LayerError } from "./layer-error.ts";

const bufferBytes = 1024 * 1024;

/** Gathers a tar in one buffer that is used again and again; each full one is hashed and handed on. */
export class TarOutput {
  readonly #sink: ByteSink | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #hash = createHash("sha256");
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #used = 0;
  #flushedBytes = 0;

  /** @param sink undefined: the tar is only hashed */
  constructor(sink: ByteSink | undefined, signal: AbortSignal | undefined) {
    this.#sink = sink;
    this.#signal = signal;
  }

  async append(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#used === bufferBytes) await this.#flush();
      const copied = bytes.copy(this.#buffer, this.#used, at);
      this.#used += copied;
      at += copied;
    }
  }

  async appendZeros(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      if (this.#used === bufferBytes) await this.#flush();
      const end = Math.min(bufferBytes, this.#used + left);
      this.#buffer.fill(0, this.#used, end);
      left -= end - this.#used;
      this.#used = end;
    }
  }

  /** Appends exactly `sizeBytes` bytes of a file, which its header has promised.
   * @throws {LayerError} `READ_FAILED` when it became shorter */
  async appendFile(file: HostPath, sizeBytes: number): Promise<void> {
    const fd = reading(file, () => openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW));
    try {
      for (let left = sizeBytes; left > 0; ) {
        if (this.#used === bufferBytes) await this.#flush();
        const wanted = Math.min(left, bufferBytes - this.#used);
        const length = reading(file, () => readSync(fd, this.#buffer, this.#used, wanted, null));
        if (length === 0) throw readFailed(file, "it became shorter while it was read");
        this.#used += length;
        left -= length;
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Hands on the rest. */
  async end(): Promise<{ diffID: DiffID; tarSizeBytes: number }> {
    await this.#flush();
    return { diffID: parseDiffID(`sha256:${this.#hash.digest("hex")}`), tarSizeBytes: this.#flushedBytes };
  }

  async #flush(): Promise<void> {
    const chunk = this.#buffer.subarray(0, this.#used);
    this.#hash.update(chunk);
    await this.#sink?.write(chunk);
    this.#flushedBytes += this.#used;
    this.#used = 0;
    await setImmediate(); // other requests and a cancellation get their turn
    this.#signal?.throwIfAborted();
  }
}

function reading(file: HostPath, read: () => number): number {
  try {
    return read();
  } catch (error) {
    throw readFailed(
      file,
      error instanceof Error && "code" in error ? String(error.code) : String(error),
      error,
    );
  }
}

function readFailed(file: HostPath, reason: string, cause?: unknown): LayerError {
  return new LayerError("READ_FAILED", `Cannot pack ${JSON.stringify(file.toString())}: ${reason}`, {
    cause,
  });
}
