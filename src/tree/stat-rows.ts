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
    columns.numbers.set(from.numbers.subarray(at * 2, at * 2 + 2), to * 2);
    columns.times.set(from.times.subarray(at * 2, at * 2 + 2), to * 2);
    columns.digests.set(from.digests.subarray(at * 32, at * 32 + 32), to * 32);
  }

  /** A column of the rows from `row` to `end`, in pieces. */
  *pieces(column: ColumnName, row: number, end: number): Generator<Buffer> {
    for (let from = row; from < end; ) {
      const [columns, at] = this.#place(from);
      const count = Math.min(CHUNK_ROWS - at, end - from);
      yield bytesOf(columns, column, at, at + count);
      from += count;
    }
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

export type ColumnName = keyof IndexColumns;

/** What a row takes of each column, in the order in which they lie in memory. */
const COLUMN_BYTES: Readonly<Record<ColumnName, number>> = { numbers: 2 * 8, times: 2 * 8, digests: 32 };

export const COLUMNS = Object.keys(COLUMN_BYTES) as readonly ColumnName[];

/** What a row takes. */
export const ROW_BYTES = Object.values(COLUMN_BYTES).reduce((sum, bytes) => sum + bytes);

/** Columns full of zeros. */
export function emptyColumns(count: number): IndexColumns {
  return columnsIn(new ArrayBuffer(count * ROW_BYTES), 0, count);
}

/** Columns that lie one behind the other in memory.
 * @param start a multiple of 8 */
export function columnsIn(memory: ArrayBufferLike, start: number, count: number): IndexColumns {
  return {
    numbers: new Float64Array(memory, start, count * 2),
    times: new BigInt64Array(memory, start + count * 16, count * 2),
    digests: Buffer.from(memory, start + count * 32, count * 32),
  };
}

/** A column of the rows from `row` to `end`. */
export function bytesOf(columns: IndexColumns, column: ColumnName, row: number, end: number): Buffer {
  const { buffer, byteOffset } = columns[column];
  const width = COLUMN_BYTES[column];
  return Buffer.from(buffer, byteOffset + row * width, (end - row) * width);
}

export function isSameState({ numbers, times }: IndexColumns, row: number, stat: FileState): boolean {
  return (
    times[row * 2] === stat.mtimeNs &&
    times[row * 2 + 1] === stat.ctimeNs &&
    numbers[row * 2] === stat.sizeBytes &&
    numbers[row * 2 + 1] === stat.ino
  );
}
