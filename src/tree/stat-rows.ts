import type { TreeStat } from "./file-tree.ts";

/** What tells one state of a file from the next. */
export type FileState = Pick<TreeStat, "sizeBytes" | "ino" | "mtimeNs" | "ctimeNs">;

/** States of files and digests of their bytes, in the order in which they are added: 64 bytes each and no object, for there may be
 * hundreds of thousands. */
export class StatRows {
  readonly #chunks: IndexColumns[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param digest hex sha256
   * @returns the number of the row */
  add(stat: FileState, digest: string): number {
    const [{ numbers, times, digests }, at] = this.#next();
    numbers[at * 2] = stat.sizeBytes;
    numbers[at * 2 + 1] = stat.ino;
    times[at * 2] = stat.mtimeNs;
    times[at * 2 + 1] = stat.ctimeNs;
    digests.write(digest, at * 32, "hex");
    return this.#count++;
  }

  /** Adds a row of another list. */
  addFrom(other: StatRows, row: number): number {
    const [columns, at] = this.#next();
    other.copyTo(row, columns, at);
    return this.#count++;
  }

  /** Hex sha256; undefined when the file is no longer in the state that the row tells of. */
  find(row: number, stat: FileState): string | undefined {
    const [columns, at] = this.#place(row);
    return isSameState(columns, at, stat)
      ? columns.digests.toString("hex", at * 32, at * 32 + 32)
      : undefined;
  }

  copyTo(row: number, columns: IndexColumns, to: number): void {
    const [from, at] = this.#place(row);
    copyRows(from, at, columns, { to, end: to + 1 });
  }

  /** Where the next row goes. */
  #next(): [columns: IndexColumns, at: number] {
    if (this.#count % CHUNK_ROWS === 0) this.#chunks.push(emptyColumns(CHUNK_ROWS));
    return this.#place(this.#count);
  }

  #place(row: number): [columns: IndexColumns, at: number] {
    return [this.#chunks[Math.floor(row / CHUNK_ROWS)]!, row % CHUNK_ROWS];
  }
}

const CHUNK_ROWS = 1024;

/** Rows by column. */
export interface IndexColumns {
  /** Size and inode, two for each row. */
  readonly numbers: Float64Array;
  /** mtime and ctime in nanoseconds. */
  readonly times: BigInt64Array;
  /** sha256, 32 bytes each. */
  readonly digests: Buffer;
}

/** What a row takes. */
export const ROW_BYTES = 2 * 8 + 2 * 8 + 32;

/** Bytes in front of columns, a multiple of 8, and behind them. */
export interface ColumnsRoom {
  readonly before: number;
  readonly behind: number;
}

/** Columns full of zeros, one behind the other in one piece of memory.
 * @param room what is left free of that */
export function emptyColumns(count: number, room: ColumnsRoom = { before: 0, behind: 0 }): IndexColumns {
  const { before, behind } = room;
  const memory = new ArrayBuffer(before + count * ROW_BYTES + behind);
  return {
    numbers: new Float64Array(memory, before, count * 2),
    times: new BigInt64Array(memory, before + count * 16, count * 2),
    digests: Buffer.from(memory, before + count * 32, count * 32),
  };
}

export function isSameState({ numbers, times }: IndexColumns, row: number, stat: FileState): boolean {
  return (
    times[row * 2] === stat.mtimeNs &&
    times[row * 2 + 1] === stat.ctimeNs &&
    numbers[row * 2] === stat.sizeBytes &&
    numbers[row * 2 + 1] === stat.ino
  );
}

/** Copies the rows from `from` on to those from `to` to `end`. */
export function copyRows(
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
