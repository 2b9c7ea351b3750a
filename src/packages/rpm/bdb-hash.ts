import { DatabaseError, maxHeaderBytes, type ReadAt, readExactly } from "./read-at.ts";

const hashMagic = 0x00061561;
const pageHeadBytes = 26;
/** Types of pages, and of items on a page of a hash. */
const hashPages = [2, 13];
const overflowPage = 7;
const offPageItem = 3;

/** The values of a hash of Berkeley DB: rpm's `Packages` up to version 4.15. Headers of packages are too large for a page, so each value is a
 * chain of pages of its own; what is on a page itself is no package.
 * @throws {DatabaseError} */
export function* readBdbHash(read: ReadAt): Generator<Buffer> {
  const head = readExactly(read, 0, 72);
  const isLittle = head.readUInt32LE(12) === hashMagic;
  if (!isLittle && head.readUInt32BE(12) !== hashMagic)
    throw new DatabaseError("it is no hash of Berkeley DB");
  const u32 = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u16 = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const pageBytes = u32(head, 20);
  if (pageBytes < 512 || pageBytes > 65_536) throw new DatabaseError(`a page cannot have ${pageBytes} bytes`);
  const file: HashFile = { read, pageBytes, u32, u16 };
  const lastPage = u32(head, 32);
  for (let number = 1; number <= lastPage; number++) {
    const page = readExactly(read, number * pageBytes, pageBytes);
    if (hashPages.includes(page[25]!)) yield* valuesOn(file, page);
  }
}

interface HashFile {
  readonly read: ReadAt;
  readonly pageBytes: number;
  readonly u32: (bytes: Buffer, at: number) => number;
  readonly u16: (bytes: Buffer, at: number) => number;
}

/** Items are keys and values in turn. */
function* valuesOn(file: HashFile, page: Buffer): Generator<Buffer> {
  const count = file.u16(page, 20);
  if (pageHeadBytes + count * 2 > page.length) throw new DatabaseError(`a page has ${count} items`);
  for (let index = 1; index < count; index += 2) {
    const at = file.u16(page, pageHeadBytes + index * 2);
    if (page[at] !== offPageItem) continue;
    if (at + 12 > page.length) throw new DatabaseError("an item goes beyond its page");
    yield readChain(file, file.u32(page, at + 4), file.u32(page, at + 8));
  }
}

function readChain(file: HashFile, first: number, length: number): Buffer {
  if (length > maxHeaderBytes) throw new DatabaseError(`a value has ${length} bytes`);
  const parts: Buffer[] = [];
  let missing = length;
  for (let number = first; missing > 0; ) {
    const page = readExactly(file.read, number * file.pageBytes, file.pageBytes);
    // All pages but the last are full, so that a chain that bites its tail ends soon.
    const here = Math.min(file.pageBytes - pageHeadBytes, missing);
    if (page[25] !== overflowPage || file.u16(page, 22) < here)
      throw new DatabaseError(`page ${number} is no part of a value`);
    parts.push(page.subarray(pageHeadBytes, pageHeadBytes + here));
    missing -= here;
    number = file.u32(page, 16);
  }
  return Buffer.concat(parts);
}
