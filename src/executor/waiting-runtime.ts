import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { makeFifo, type SpawnedProcess } from "../sys/index.ts";
import { type RuntimeStart, startRuntime } from "./start-runtime.ts";
import type { Runtime } from "./find-runtime.ts";
import { specText } from "./runtime-spec.ts";

const lateReaderMs = 50;

/** A runtime that was started before it is known what it is to run, and waits for that: half of its time goes by before it reads
 * `config.json`. It reads that twice, so it is first a fifo, and then a file. */
export class WaitingRuntime implements Disposable {
  readonly start: RuntimeStart;
  readonly child: SpawnedProcess;
  readonly #config: string;
  readonly #fifoLink: string;
  #fifo: number | undefined;
  #lateReader: NodeJS.Timeout | undefined;

  /** Can this runtime be made to wait? runc reads its spec as something else. */
  static isPossible({ name }: Runtime): boolean {
    return name === "crun";
  }

  /** @throws {SysError} */
  constructor(start: RuntimeStart) {
    this.start = start;
    this.#config = path.join(start.bundle, "config.json");
    this.#fifoLink = path.join(start.bundle, "fifo");
    makeFifo(this.#config, 0o600);
    linkSync(this.#config, this.#fifoLink);
    // Read-write, which waits for no reader; the runtime reads until this is closed.
    this.#fifo = openSync(this.#config, constants.O_RDWR | constants.O_NONBLOCK);
    this.child = startRuntime(start);
  }

  /** Lets it go on. A runtime that has opened the fifo gets all of the spec from there; one that has not yet finds the file.
   * @returns false when it has ended, or the spec is too large for that: nothing is run */
  give(spec: object): boolean {
    const fifo = this.#fifo;
    const text = specText(spec);
    if (fifo === undefined || !this.child.isRunning() || !fits(fifo, Buffer.from(text))) return false;
    const file = `${this.#config}.whole`;
    writeFileSync(file, text, { mode: 0o600 });
    renameSync(file, this.#config);
    this.#close();
    this.#lateReader = setInterval(() => this.#feedLateReader(text), lateReaderMs);
    return true;
  }

  /** Ends it, unless it has got its spec. */
  [Symbol.dispose](): void {
    clearInterval(this.#lateReader);
    if (this.#fifo === undefined) return;
    this.child.kill("SIGKILL");
    for (const output of this.child.output) output.destroy();
    this.#close();
  }

  /** A runtime that found the fifo, and was to open it when it was closed here, would wait for ever. One that gets the spec twice cannot
   * read it, and fails. */
  #feedLateReader(text: string): void {
    if (existsSync(path.join(this.start.bundle, "pid"))) return clearInterval(this.#lateReader);
    try {
      const fifo = openSync(this.#fifoLink, constants.O_WRONLY | constants.O_NONBLOCK);
      try {
        writeSync(fifo, text);
      } finally {
        closeSync(fifo);
      }
    } catch {
      // nobody reads
    }
  }

  #close(): void {
    if (this.#fifo !== undefined) closeSync(this.#fifo);
    this.#fifo = undefined;
  }
}

function fits(fifo: number, bytes: Buffer): boolean {
  try {
    return writeSync(fifo, bytes) === bytes.length;
  } catch {
    return false; // full
  }
}
