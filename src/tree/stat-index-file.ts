import { readFileSync, statSync } from "node:fs";
import { crc32 } from "node:zlib";
import { writeFileExpendable } from "../util/index.ts";
import { type IndexRows, type ListedRows, StatIndex } from "./stat-index.ts";
import { COLUMNS, columnsIn, ROW_BYTES } from "./stat-rows.ts";

// The file, in the machine's byte order, for it never leaves the machine: 8 bytes of magic; count, length of the keys, checksum
// of all that follows (3 × u32), 4 bytes of nothing; per file size and inode (f64), mtime and ctime (i64, ns), digest (32 bytes),
// each as one run; keys in latin1, each with a NUL behind it.
const MAGIC = "SLIPCTX1";
const HEADER_BYTES = 24;

/** Loads a stat index; whatever is wrong with the file, the result is an empty index: it costs time only. */
export function readStatIndex(file: string): StatIndex {
  try {
    return new StatIndex(decode(readFileSync(file)));
  } catch {
    return new StatIndex();
  }
}

/** How many files an index knows of, by its size, and so not exactly; 0 where there is none. */
export function estimateFiles(file: string): number {
  try {
    return Math.round(statSync(file).size / (ROW_BYTES + USUAL_KEY_BYTES));
  } catch {
    return 0;
  }
}

const USUAL_KEY_BYTES = 24;

/** Writes the index whole or not at all.
 * @throws the file system error */
export function writeStatIndex(file: string, index: StatIndex, tmpDir?: string): void {
  writeFileExpendable(file, encode(index), tmpDir);
}

function decode(bytes: Buffer): IndexRows {
  const [count, keyBytes, checksum] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12), bytes.readUInt32LE(16)];
  const isWhole =
    bytes.toString("latin1", 0, 8) === MAGIC &&
    bytes.length === HEADER_BYTES + count * ROW_BYTES + keyBytes &&
    crc32(bytes.subarray(HEADER_BYTES)) === checksum;
  const keysAt = HEADER_BYTES + count * ROW_BYTES;
  const keys = isWhole ? bytes.toString("latin1", keysAt).split("\0") : [];
  if (keys.pop() !== "" || keys.length !== count) throw new Error("damaged");
  // a Buffer of a small file lies anywhere in Node's pool
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  return { keys, columns: columnsIn(aligned.buffer, aligned.byteOffset + HEADER_BYTES, count) };
}

/** In pieces, each of which is good until the next one: of a large index the whole is much. */
function* encode(index: StatIndex): Generator<Uint8Array> {
  const rows = index.toRows();
  let checksum = 0;
  for (const piece of gather(bodyOf(rows))) checksum = crc32(piece, checksum);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(rows.keys.length, 8);
  header.writeUInt32LE(
    rows.keys.reduce((bytes, key) => bytes + key.length + 1, 0),
    12,
  );
  header.writeUInt32LE(checksum, 16);
  yield header;
  yield* gather(bodyOf(rows));
}

function* bodyOf({ keys, pieces }: ListedRows): Generator<Uint8Array> {
  for (const column of COLUMNS) yield* pieces(column);
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE)
    yield Buffer.from(`${keys.slice(at, at + KEYS_AT_ONCE).join("\0")}\0`, "latin1");
}

const KEYS_AT_ONCE = 1024;

/** The same bytes in few pieces. */
function* gather(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  const gathered = new Uint8Array(PIECE_BYTES);
  let end = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + PIECE_BYTES - end);
      gathered.set(part, end);
      at += part.length;
      end += part.length;
      if (end < PIECE_BYTES) continue;
      yield gathered;
      end = 0;
    }
  }
  yield gathered.subarray(0, end);
}

const PIECE_BYTES = 64 * 1024;
