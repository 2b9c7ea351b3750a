import { DatabaseError, maxHeaderBytes, type ReadAt, readExactly } from "./read-at.ts";

/** A value of a row; numbers and texts are told apart by who reads them. */
type Column = Buffer | number | undefined;

/** The values of column `column` of a table in an SQLite database of `sizeBytes`, in the order of the rows. What a log beside it holds is not
 * seen.
 * @see https://www.sqlite.org/fileformat2.html
 * @throws {DatabaseError} */
export function* readSqliteColumn(
  read: ReadAt,
  {
    table,
    column,
    sizeBytes,
  }: { readonly table: string; readonly column: number; readonly sizeBytes: number },
): Generator<Buffer> {
  const database = openDatabase(read, sizeBytes);
  const root = rootOf(database, table);
  for (const row of rowsBelow(database, root)) {
    const value = row[column];
    if (Buffer.isBuffer(value)) yield value;
  }
}

interface Database {
  readonly read: ReadAt;
  readonly pageBytes: number;
  /** Without what is reserved at the end of each page. */
  readonly usableBytes: number;
  readonly sizeBytes: number;
}

function openDatabase(read: ReadAt, sizeBytes: number): Database {
  const head = readExactly(read, 0, 100);
  if (head.toString("latin1", 0, 16) !== "SQLite format 3\0")
    throw new DatabaseError("it is no SQLite database");
  const size = head.readUInt16BE(16);
  const pageBytes = size === 1 ? 65_536 : size;
  const usableBytes = pageBytes - head[20]!;
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0 || usableBytes < 480)
    throw new DatabaseError(`a page cannot have ${pageBytes} bytes`);
  return { read, pageBytes, usableBytes, sizeBytes };
}

/** The schema is the table on the first page: type, name, table's name, root page, SQL. */
function rootOf(database: Database, table: string): number {
  for (const [type, name, , root] of rowsBelow(database, 1)) {
    if (String(type) === "table" && String(name) === table && typeof root === "number") return root;
  }
  throw new DatabaseError(`it has no table ${table}`);
}

const interior = 0x05;
const leaf = 0x0d;

/** Rows of the tree below a page. A page is met once in a tree that is one, and all rows together are smaller than the file. */
function* rowsBelow(database: Database, root: number): Generator<readonly Column[]> {
  const seen = new Set<number>();
  const pending = [root];
  let rowBytes = 0;
  for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
    if (seen.has(number)) throw new DatabaseError(`page ${number} is in its tree twice`);
    seen.add(number);
    const page = readPage(database, number);
    const start = number === 1 ? 100 : 0;
    const type = page[start];
    if (type !== interior && type !== leaf) throw new DatabaseError(`page ${number} is of no table`);
    const count = page.readUInt16BE(start + 3);
    const pointers = start + (type === interior ? 12 : 8);
    if (pointers + count * 2 > page.length) throw new DatabaseError(`page ${number} has ${count} cells`);
    const cells = Array.from({ length: count }, (_, index) => page.readUInt16BE(pointers + index * 2));
    if (type === interior) {
      const children = cells.map((at) => readNumber(page, at));
      pending.push(...[...children, readNumber(page, start + 8)].reverse());
      continue;
    }
    for (const at of cells) {
      rowBytes += readVarint(page, at).value;
      if (rowBytes > database.sizeBytes) throw new DatabaseError("parts of it are used twice");
      yield parseRecord(readPayload(database, page, at));
    }
  }
}

function readPage({ read, pageBytes }: Database, number: number): Buffer {
  if (number < 1) throw new DatabaseError("a page has no number");
  return readExactly(read, (number - 1) * pageBytes, pageBytes);
}

/** The bytes of a row; what does not fit its page is in a chain of others. */
function readPayload(database: Database, page: Buffer, at: number): Buffer {
  const { usableBytes } = database;
  const size = readVarint(page, at);
  const rowId = readVarint(page, size.end);
  if (size.value > maxHeaderBytes) throw new DatabaseError(`a row has ${size.value} bytes`);
  const local = localBytes(size.value, usableBytes);
  if (rowId.end + local > page.length) throw new DatabaseError("a row goes beyond its page");
  const parts = [page.subarray(rowId.end, rowId.end + local)];
  let missing = size.value - local;
  let next = missing > 0 ? readNumber(page, rowId.end + local) : 0;
  // Each page of the chain has a part of what is missing, so that it ends.
  while (missing > 0) {
    const overflow = readPage(database, next);
    const length = Math.min(missing, usableBytes - 4);
    parts.push(overflow.subarray(4, 4 + length));
    missing -= length;
    next = readNumber(overflow, 0);
  }
  return Buffer.concat(parts);
}

/** How much of a row is on its own page. */
function localBytes(size: number, usable: number): number {
  const maximum = usable - 35;
  if (size <= maximum) return size;
  const minimum = Math.floor(((usable - 12) * 32) / 255) - 23;
  const even = minimum + ((size - minimum) % (usable - 4));
  return even <= maximum ? even : minimum;
}

/** As many as SQLite allows. */
const maxColumns = 32_767;
/** Lengths of the numbers of serial types 1 to 6. */
const numberBytes = [0, 1, 2, 3, 4, 6, 8];

function parseRecord(bytes: Buffer): readonly Column[] {
  const head = readVarint(bytes, 0);
  const columns: Column[] = [];
  let position = head.value;
  for (let at = head.end; at < head.value; ) {
    if (columns.length === maxColumns) throw new DatabaseError(`a row has more than ${maxColumns} columns`);
    const { value: type, end } = readVarint(bytes, at);
    at = end;
    const length = type >= 12 ? Math.floor((type - 12) / 2) : type === 7 ? 8 : (numberBytes[type] ?? 0);
    if (position + length > bytes.length) throw new DatabaseError("a value goes beyond its row");
    const value = bytes.subarray(position, position + length);
    columns.push(type >= 12 ? value : toNumber(type, value));
    position += length;
  }
  return columns;
}

function toNumber(type: number, bytes: Buffer): number | undefined {
  if (type === 8 || type === 9) return type - 8;
  if (type < 1 || type > 5) return undefined; // neither is the number of a page
  return bytes.readUIntBE(0, bytes.length);
}

function readNumber(page: Buffer, at: number): number {
  if (at + 4 > page.length) throw new DatabaseError("a number goes beyond its page");
  return page.readUInt32BE(at);
}

/** Seven bits to a byte, at most nine bytes. */
function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start; at < start + 9; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    if (at === start + 8) return { value: value * 256 + byte, end: at + 1 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new DatabaseError("a number does not end");
}
