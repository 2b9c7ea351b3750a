import { statSync } from "node:fs";
import { writeFileDurable } from "../util/index.ts";
import { readJsonFile } from "./json-file.ts";
import { bootId } from "./owner.ts";
import type { TempDirs } from "./temp-dirs.ts";

/** When something was written: a boot of this machine, and nanoseconds since it (the kernel's monotonic clock). */
export interface WriteStamp {
  readonly boot: string;
  readonly monotonicNs: number;
}

interface Marks {
  /** By boot: what was written before this time is on the disk. */
  readonly boots: Readonly<Record<string, number>>;
  /** Time of `layers/` at the last sync. */
  readonly layersMtimeMs?: number;
}

/** `synced.json`: what a power cut cannot have damaged. Files are written without waiting for the disk; as long as the machine runs
 * that shows nowhere, and after it stopped only what a sync had covered is trusted. */
export class SyncMarks {
  readonly #file: string;
  readonly #layersDir: string;
  readonly #temp: TempDirs;
  /** Of earlier boots, which no longer change. */
  #earlier: Marks | undefined;

  constructor(file: string, layersDir: string, temp: TempDirs) {
    this.#file = file;
    this.#layersDir = layersDir;
    this.#temp = temp;
  }

  stamp(): WriteStamp {
    return { boot: bootId(), monotonicNs: monotonicNs() };
  }

  /** Is what was written at that time whole for sure? Undefined: before Slipway kept stamps, which is trusted. */
  isTrusted(written: WriteStamp | undefined): boolean {
    if (written === undefined || written.boot === bootId()) return true;
    this.#earlier ??= this.#read();
    return written.monotonicNs < (this.#earlier.boots[written.boot] ?? 0);
  }

  /** Writes everything to the disk with `sync`, given a directory of the file system, unless no layer came or went since the last
   * time. */
  async sync(sync: (dir: string) => Promise<void>): Promise<void> {
    const marks = this.#read();
    const layersMtimeMs = statSync(this.#layersDir).mtimeMs;
    if (marks.layersMtimeMs === layersMtimeMs) return;
    const now = this.stamp();
    await sync(this.#layersDir);
    const boots = { ...marks.boots, [now.boot]: now.monotonicNs };
    const next: Marks = { boots, layersMtimeMs };
    writeFileDurable(this.#file, JSON.stringify(next), this.#temp.dir());
  }

  #read(): Marks {
    const { boots, layersMtimeMs } = (readJsonFile(this.#file) ?? {}) as Partial<Marks>;
    if (typeof boots !== "object" || boots === null) return { boots: {} };
    return typeof layersMtimeMs === "number" ? { boots, layersMtimeMs } : { boots };
  }
}

function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
