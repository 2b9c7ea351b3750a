import type { TreeStat } from "./file-tree.ts";

/** What files were when they were last read, by a key (a path): as long as a file's size, times and inode are the same, so are its
 * bytes. */
export class StatIndex {
  readonly #entries: Map<string, IndexEntry>;
  #isChanged = false;

  constructor(entries: Map<string, IndexEntry> = new Map()) {
    this.#entries = entries;
  }

  /** Hex sha256 of the file's bytes, or undefined when it has to be read. */
  find(key: string, stat: TreeStat): string | undefined {
    const entry = this.#entries.get(key);
    if (!entry || !isSameFile(entry, stat)) return undefined;
    return entry.digest.toString("hex");
  }

  /** Remembers a digest, unless the file's times lie so close to `readAtMs`, the time before its bytes were read, that a later
   * change could leave it with the same times ("racily clean"). */
  add(key: string, stat: TreeStat, digest: string, readAtMs: number): void {
    if (isRacy(stat, readAtMs)) this.#entries.delete(key);
    else {
      const { sizeBytes, mtimeNs, ctimeNs, ino } = stat;
      this.#entries.set(key, { sizeBytes, mtimeNs, ctimeNs, ino, digest: Buffer.from(digest, "hex") });
    }
    this.#isChanged = true;
  }

  /** Differs from what is on disk? */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  markSaved(): void {
    this.#isChanged = false;
  }

  /** Key and entry of each file, in no particular order. */
  get entries(): ReadonlyMap<string, IndexEntry> {
    return this.#entries;
  }
}

export interface IndexEntry {
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: number;
  /** sha256 of the bytes. */
  readonly digest: Buffer;
}

function isSameFile(entry: IndexEntry, stat: TreeStat): boolean {
  return (
    entry.mtimeNs === stat.mtimeNs &&
    entry.ctimeNs === stat.ctimeNs &&
    entry.sizeBytes === stat.sizeBytes &&
    entry.ino === stat.ino
  );
}

/** A kernel stamps files with the time of its last clock tick, 10 ms at the longest. */
const FINE_GRAIN_NS = 20_000_000n;
/** File systems that keep whole seconds, or every second one. */
const COARSE_GRAIN_NS = 2_000_000_000n;

function isRacy({ mtimeNs, ctimeNs }: TreeStat, readAtMs: number): boolean {
  const newestNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const grainNs = ctimeNs % 1_000_000_000n === 0n ? COARSE_GRAIN_NS : FINE_GRAIN_NS;
  return BigInt(Math.floor(readAtMs)) * 1_000_000n - newestNs < grainNs;
}
