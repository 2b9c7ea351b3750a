import type { TreeStat } from "./file-tree.ts";

/** What tells one state of a file from the next. */
export type FileState = Pick<TreeStat, "sizeBytes" | "ino" | "mtimeNs" | "ctimeNs">;

/** What files were when they were last read, by a key (a path): as long as a file's size, times and inode are the same, so are its
 * bytes. */
export class StatIndex {
  readonly #loaded: IndexColumns;
  /** Digests of all rows in hex, each a part of one string: made at once in a fraction of the time. */
  #digests: string | undefined;
  /** Rows of what was loaded; made when the keys are asked for in another order than theirs. */
  #rows: Map<string, number> | undefined;
  /** The row behind the last one found. */
  #next = 0;
  /** What was added since; undefined where a loaded entry no longer holds. */
  readonly #added = new Map<string, IndexEntry | undefined>();
  #isChanged = false;
  /** 1 for each loaded row that was found. */
  readonly #found: Uint8Array;
  #holdsFoundOnly = false;

  constructor(loaded: IndexColumns = NOTHING) {
    this.#loaded = loaded;
    this.#found = new Uint8Array(loaded.keys.length);
  }

  /** Hex sha256 of the file's bytes, or undefined when it has to be read. */
  find(key: string, stat: FileState): string | undefined {
    if (this.#added.size > 0 && this.#added.has(key)) {
      const entry = this.#added.get(key);
      return entry && isSameFile(entry, stat) ? entry.digest : undefined;
    }
    const row = this.#rowOf(key);
    if (row === undefined) return undefined;
    const { numbers, times, digests } = this.#loaded;
    const isSame =
      times[row * 2] === stat.mtimeNs &&
      times[row * 2 + 1] === stat.ctimeNs &&
      numbers[row * 2] === stat.sizeBytes &&
      numbers[row * 2 + 1] === stat.ino;
    if (!isSame) return undefined;
    this.#found[row] = 1;
    this.#digests ??= digests.toString("hex");
    return this.#digests.slice(row * 64, row * 64 + 64);
  }

  /** A walk asks for one key after the other, mostly in the order in which an earlier walk added them. */
  #rowOf(key: string): number | undefined {
    const { keys } = this.#loaded;
    if (keys[this.#next] === key) return this.#next++;
    this.#rows ??= new Map(keys.map((known, row) => [known, row]));
    const row = this.#rows.get(key);
    if (row !== undefined) this.#next = row + 1;
    return row;
  }

  /** Remembers a digest, unless the file's times lie so close to `readAtMs`, the time before its bytes were read, that a later
   * change could leave it with the same times ("racily clean"). */
  add(key: string, stat: FileState, digest: string, readAtMs: number): void {
    const { sizeBytes, mtimeNs, ctimeNs, ino } = stat;
    this.#added.set(key, isRacy(stat, readAtMs) ? undefined : { sizeBytes, mtimeNs, ctimeNs, ino, digest });
    this.#isChanged = true;
  }

  /** Differs from what is on disk? */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  markSaved(): void {
    this.#isChanged = false;
  }

  /** Forgets what was loaded and not found since, and takes what was added to another index. */
  replaceUnused(other: StatIndex): void {
    this.#holdsFoundOnly = true;
    for (const [key, entry] of other.#added) this.#added.set(key, entry);
    this.#isChanged = true;
  }

  /** Everything that it holds, as it is written to disk: what changed keeps its place. */
  toColumns(): IndexColumns {
    const keys: string[] = [];
    /** Row of what was loaded, or what was added. */
    const sources: (number | IndexEntry)[] = [];
    const added = new Map(this.#added);
    const put = (key: string, source: number | IndexEntry | undefined) => {
      if (source === undefined) return;
      keys.push(key);
      sources.push(source);
    };
    for (const [row, key] of this.#loaded.keys.entries()) {
      if (added.size > 0 && added.has(key)) {
        put(key, added.get(key));
        added.delete(key);
      } else if (!this.#holdsFoundOnly || this.#found[row] === 1) put(key, row);
    }
    for (const [key, entry] of added) put(key, entry);
    return fillColumns(keys, sources, this.#loaded);
  }
}

/** @param sources rows of `old`, or entries; one for each key */
function fillColumns(
  keys: readonly string[],
  sources: readonly (number | IndexEntry)[],
  old: IndexColumns,
): IndexColumns {
  const columns = emptyColumns(keys);
  for (let to = 0; to < sources.length; ) {
    const from = sources[to]!;
    if (typeof from !== "number") {
      fillRow(columns, to++, from);
      continue;
    }
    let end = to + 1;
    while (sources[end] === from + end - to) end++;
    copyRows(old, from, columns, { to, end });
    to = end;
  }
  return columns;
}

function fillRow({ numbers, times, digests }: IndexColumns, row: number, entry: IndexEntry): void {
  numbers.set([entry.sizeBytes, entry.ino], row * 2);
  times.set([entry.mtimeNs, entry.ctimeNs], row * 2);
  digests.write(entry.digest, row * 32, "hex");
}

function copyRows(
  old: IndexColumns,
  from: number,
  columns: IndexColumns,
  { to, end }: { to: number; end: number },
): void {
  const fromEnd = from + end - to;
  columns.numbers.set(old.numbers.subarray(from * 2, fromEnd * 2), to * 2);
  columns.times.set(old.times.subarray(from * 2, fromEnd * 2), to * 2);
  columns.digests.set(old.digests.subarray(from * 32, fromEnd * 32), to * 32);
}

/** Entries by column: loading 50,000 of them makes no object for each. */
export interface IndexColumns {
  readonly keys: readonly string[];
  /** Size and inode, two for each key. */
  readonly numbers: Float64Array;
  /** mtime and ctime in nanoseconds. */
  readonly times: BigInt64Array;
  /** sha256, 32 bytes each. */
  readonly digests: Buffer;
}

/** Columns full of zeros. */
export function emptyColumns(keys: readonly string[]): IndexColumns {
  const count = keys.length;
  const body = new ArrayBuffer(count * 64);
  return {
    keys,
    numbers: new Float64Array(body, 0, count * 2),
    times: new BigInt64Array(body, count * 16, count * 2),
    digests: Buffer.from(body, count * 32, count * 32),
  };
}

const NOTHING = emptyColumns([]);

interface IndexEntry extends FileState {
  readonly digest: string;
}

function isSameFile(entry: IndexEntry, stat: FileState): boolean {
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

function isRacy({ mtimeNs, ctimeNs }: FileState, readAtMs: number): boolean {
  const newestNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const grainNs = ctimeNs % 1_000_000_000n === 0n ? COARSE_GRAIN_NS : FINE_GRAIN_NS;
  return BigInt(Math.floor(readAtMs)) * 1_000_000n - newestNs < grainNs;
}
