import { fstatSync, writeSync } from "node:fs";
import { isErrno } from "../../util/index.ts";
import type { OutputStream } from "../cli-io.ts";

export interface StandardStreamOptions {
  /** Makes Node's stream of the descriptor. */
  readonly nodeStream: () => OutputStream;
  /** Told when nothing can be written. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/** So much a pipe or a socket is sure to take though nobody reads: half of the smaller one's 64 KiB, for others write to it too. */
const roomBytes = 32 * 1024;

/** Standard output or error. For a terminal it is Node's stream. What goes to a file, a pipe or a socket is written at the end of the turn,
 * all of it at once, and without that stream, which takes 3 ms to make. A reader may be slow, and nothing else goes on while a write waits
 * for it: whoever says more than `roomBytes` gets Node's stream for the rest. */
export function standardStream(fd: number, options: StandardStreamOptions): OutputStream {
  const stat = fstatSync(fd);
  if (!stat.isFile() && !stat.isFIFO() && !stat.isSocket()) return options.nodeStream();
  const stream = new DirectStream(fd, stat.isFile() ? Infinity : roomBytes, options);
  process.once("exit", () => stream.flush());
  return stream;
}

class DirectStream implements OutputStream {
  readonly #fd: number;
  readonly #options: StandardStreamOptions;
  #leftBytes: number;
  #pending: Uint8Array[] = [];
  #rest: OutputStream | undefined;

  constructor(fd: number, limitBytes: number, options: StandardStreamOptions) {
    this.#fd = fd;
    this.#leftBytes = limitBytes;
    this.#options = options;
  }

  write(text: string | Uint8Array): void {
    if (this.#pending.length === 0) process.nextTick(() => this.flush());
    this.#pending.push(typeof text === "string" ? Buffer.from(text) : text);
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    const takenBytes = this.#rest || bytes.length > this.#leftBytes ? 0 : this.#writeNow(bytes);
    this.#leftBytes -= takenBytes;
    if (takenBytes === bytes.length) return;
    this.#rest ??= this.#options.nodeStream();
    this.#rest.write(bytes.subarray(takenBytes));
  }

  /** @returns how many bytes were taken: not all by a pipe that is full and that somebody made non-blocking */
  #writeNow(bytes: Uint8Array): number {
    let takenBytes = 0;
    try {
      while (takenBytes < bytes.length) takenBytes += writeSync(this.#fd, bytes, takenBytes);
    } catch (error) {
      if (!isErrno(error, "EAGAIN")) this.#options.onError(error as NodeJS.ErrnoException);
    }
    return takenBytes;
  }
}
