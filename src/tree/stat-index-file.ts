import { readFileSync, statSync } from "node:fs";
import { crc32 } from "node:zlib";
import { writeFileExpendable } from "../util/index.ts";
import { type IndexRows, StatIndex } from "./stat-index.ts";
import { emptyColumns, ROW_BYTES } from "./stat-rows.ts";

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
  const columns = emptyColumns(count);
  // into memory of its own, which is aligned: a Buffer of a small file lies anywhere in Node's pool
  bytes.copy(new Uint8Array(columns.numbers.buffer), 0, HEADER_BYTES, keysAt);
  return { keys, columns };
}

/** In one piece of memory: of a large index that is much. */
function encode(index: StatIndex): Buffer {
  const room = (keys: readonly string[]) => ({
    before: HEADER_BYTES,
    behind: keys.reduce((bytes, key) => bytes + key.length + 1, 0),
  });
  const { keys, columns } = index.toRows(room);
  const file = Buffer.from(columns.numbers.buffer);
  const keysAt = HEADER_BYTES + keys.length * ROW_BYTES;
  let end = keysAt;
  for (const key of keys) end += file.write(key, end, "latin1") + 1; // the NUL is there
  file.write(MAGIC, "latin1");
  file.writeUInt32LE(keys.length, 8);
  file.writeUInt32LE(file.length - keysAt, 12);
  file.writeUInt32LE(crc32(file.subarray(HEADER_BYTES)), 16);
  return file;
}
