import {
  bytesOf,
  type ColumnName,
  emptyColumns,
  type FileState,
  type IndexColumns,
  isSameState,
  StatRows,
} from "./stat-rows.ts";

/** What files were when they were last read, by a key (a path): as long as a file's size, times and inode are the same, so are its
 * bytes. */
export class StatIndex {
  readonly #loaded: IndexRows;
  /** Digests of all rows in hex, each a part of one string: made at once in a fraction of the time. */
  #digests: string | undefined;
  /** Rows of what was loaded; made when the keys are asked for in another order than theirs. */
  #rows: Map<string, number> | undefined;
  /** The row behind the last one found. */
  #next = 0;
  /** What was added since, and the row of each key in it; `GONE` where a loaded one no longer holds. */
  readonly #added = new StatRows();
  readonly #addedRows = new Map<string, number>();
  #isChanged = false;
  /** 1 for each loaded row that was found. */
  readonly #found: Uint8Array;
  #holdsFoundOnly = false;

  constructor(loaded: IndexRows = NOTHING) {
    this.#loaded = loaded;
    this.#found = new Uint8Array(loaded.keys.length);
  }

  /** Hex sha256 of the file's bytes, or undefined when it has to be read. */
  find(key: string, stat: FileState): string | undefined {
    const added = this.#addedRows.size > 0 ? this.#addedRows.get(key) : undefined;
    if (added !== undefined) return added === GONE ? undefined : this.#added.find(added, stat);
    const row = this.#rowOf(key);
    if (row === undefined) return undefined;
    const { columns } = this.#loaded;
    if (!isSameState(columns, row, stat)) return undefined;
    this.#found[row] = 1;
    this.#digests ??= columns.digests.toString("hex");
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
    this.#addedRows.set(key, isRacy(stat, readAtMs) ? GONE : this.#added.add(stat, digest));
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
    for (const [key, row] of other.#addedRows)
      this.#addedRows.set(key, row === GONE ? GONE : this.#added.addFrom(other.#added, row));
    this.#isChanged = true;
  }

  /** Everything that it holds, as it is written to disk: what changed keeps its place. */
  toRows(): ListedRows {
    const keys: string[] = [];
    /** Of each key: the row of what was loaded, or, below zero, of what was added. */
    const sources: number[] = [];
    const isPlaced = new Uint8Array(this.#added.count);
    const put = (key: string, source: number) => {
      keys.push(key);
      sources.push(source);
    };
    for (const [row, key] of this.#loaded.keys.entries()) {
      const added = this.#addedRows.size > 0 ? this.#addedRows.get(key) : undefined;
      if (added === undefined) {
        if (!this.#holdsFoundOnly || this.#found[row] === 1) put(key, row);
      } else if (added !== GONE) {
        put(key, -1 - added);
        isPlaced[added] = 1;
      }
    }
    for (const [key, added] of this.#addedRows)
      if (added !== GONE && isPlaced[added] === 0) put(key, -1 - added);
    return { keys, pieces: (column) => this.#pieces(column, sources) };
  }

  *#pieces(column: ColumnName, sources: readonly number[]): Generator<Buffer> {
    for (let at = 0; at < sources.length; ) {
      const from = sources[at]!;
      const step = from < 0 ? -1 : 1;
      let count = 1;
      while (sources[at + count] === from + step * count) count++;
      if (from < 0) yield* this.#added.pieces(column, -1 - from, -1 - from + count);
      else yield bytesOf(this.#loaded.columns, column, from, from + count);
      at += count;
    }
  }
}

/** Rows with their keys. */
export interface IndexRows {
  readonly keys: readonly string[];
  readonly columns: IndexColumns;
}

export interface ListedRows {
  readonly keys: readonly string[];
  /** A column, from the first row to the last. */
  readonly pieces: (column: ColumnName) => Iterable<Buffer>;
}

const NOTHING: IndexRows = { keys: [], columns: emptyColumns(0) };

/** In place of a row: what was loaded no longer holds. */
const GONE = -1;

/** A kernel stamps files with the time of its last clock tick, 10 ms at the longest. */
const FINE_GRAIN_NS = 20_000_000n;
/** File systems that keep whole seconds, or every second one. */
const COARSE_GRAIN_NS = 2_000_000_000n;

function isRacy({ mtimeNs, ctimeNs }: FileState, readAtMs: number): boolean {
  const newestNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const grainNs = ctimeNs % 1_000_000_000n === 0n ? COARSE_GRAIN_NS : FINE_GRAIN_NS;
  return BigInt(Math.floor(readAtMs)) * 1_000_000n - newestNs < grainNs;
}
