/** A header as rpm's databases hold it: the tags that a test names, texts and numbers. */
export function makeHeader(tags: Readonly<Record<number, string | number>>): Buffer {
  const entries: Buffer[] = [];
  let data = Buffer.alloc(0);
  for (const [tag, value] of Object.entries(tags)) {
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(Number(tag), 0);
    entry.writeUInt32BE(typeof value === "number" ? 4 : 6, 4);
    entry.writeUInt32BE(data.length, 8);
    entry.writeUInt32BE(1, 12);
    entries.push(entry);
    data = Buffer.concat([data, typeof value === "number" ? u32(value) : Buffer.from(`${value}\0`)]);
  }
  return Buffer.concat([u32(entries.length), u32(data.length), ...entries, data]);
}

const pageBytes = 512;

/** An SQLite database with the table `Packages(hnum, blob)`: a leaf for each row, whose bytes mostly are in a chain of other pages. */
export function makeSqlite(rows: readonly Buffer[]): Buffer {
  const pages: Buffer[] = [Buffer.alloc(pageBytes), Buffer.alloc(pageBytes)];
  const text = (value: string) => ({ type: 13 + value.length * 2, bytes: Buffer.from(value) });
  const root = { type: 1, bytes: Buffer.from([2]) };
  const schema = record([text("table"), text("Packages"), text("Packages"), root, text("CREATE TABLE")]);
  const leaves = rows.map((row, index) => {
    const payload = record([
      { type: 0, bytes: Buffer.alloc(0) },
      { type: 12 + row.length * 2, bytes: row },
    ]);
    pages.push(Buffer.alloc(pageBytes));
    const number = pages.length;
    writeLeaf(pages, number - 1, { rowId: index + 1, payload });
    return number;
  });
  writeLeaf(pages, 0, { rowId: 1, payload: schema });
  const head = pages[0]!;
  head.write("SQLite format 3\0", 0, "latin1");
  head.writeUInt16BE(pageBytes, 16);
  writeInterior(pages[1]!, leaves);
  return Buffer.concat(pages);
}

function writeInterior(page: Buffer, children: readonly number[]): void {
  page[0] = 5;
  page.writeUInt16BE(children.length - 1, 3);
  page.writeUInt32BE(children.at(-1)!, 8);
  children.slice(0, -1).forEach((child, index) => {
    const at = pageBytes - (index + 1) * 5;
    page.writeUInt32BE(child, at);
    page[at + 4] = index + 1;
    page.writeUInt16BE(at, 12 + index * 2);
  });
}

function writeLeaf(
  pages: Buffer[],
  index: number,
  { rowId, payload }: { readonly rowId: number; readonly payload: Buffer },
): void {
  const [maximum, minimum] = [pageBytes - 35, Math.floor(((pageBytes - 12) * 32) / 255) - 23];
  const even = minimum + ((payload.length - minimum) % (pageBytes - 4));
  const local = payload.length <= maximum ? payload.length : even <= maximum ? even : minimum;
  let cell = Buffer.concat([varint(payload.length), varint(rowId), payload.subarray(0, local)]);
  if (local < payload.length) cell = Buffer.concat([cell, u32(pages.length + 1)]);
  for (let at = local; at < payload.length; at += pageBytes - 4) {
    const part = payload.subarray(at, at + pageBytes - 4);
    const isLast = at + part.length === payload.length;
    pages.push(Buffer.concat([u32(isLast ? 0 : pages.length + 2), part], pageBytes));
  }
  const page = pages[index]!;
  const start = index === 0 ? 100 : 0;
  page[start] = 13;
  page.writeUInt16BE(1, start + 3);
  page.writeUInt16BE(pageBytes - cell.length, start + 8);
  cell.copy(page, pageBytes - cell.length);
}

function record(values: readonly { readonly type: number; readonly bytes: Buffer }[]): Buffer {
  const types = Buffer.concat(values.map(({ type }) => varint(type)));
  return Buffer.concat([varint(types.length + 1), types, ...values.map(({ bytes }) => bytes)]);
}

function varint(value: number): Buffer {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift((rest & 0x7f) | 0x80);
  return Buffer.from(bytes);
}

/** rpm's own format: a page of slots, then the blobs in blocks of 16 bytes. */
export function makeNdb(rows: readonly Buffer[]): Buffer {
  const slots = Buffer.alloc(4096);
  slots.write("RpmP", 0, "latin1");
  slots.writeUInt32LE(1, 12);
  for (let at = 32; at < slots.length; at += 16) slots.write("Slot", at, "latin1");
  const blobs: Buffer[] = [];
  let blocks = slots.length / 16;
  rows.forEach((row, index) => {
    const size = Math.ceil((row.length + 16) / 16);
    const slot = 48 + index * 16; // the first slot is left free
    [index + 1, blocks, size].forEach((value, field) => slots.writeUInt32LE(value, slot + 4 + field * 4));
    const blob = Buffer.alloc(size * 16);
    blob.write("BlbS", 0, "latin1");
    blob.writeUInt32LE(index + 1, 4);
    blob.writeUInt32LE(row.length, 12);
    row.copy(blob, 16);
    blobs.push(blob);
    blocks += size;
  });
  return Buffer.concat([slots, ...blobs]);
}

/** A hash of Berkeley DB: a page of items, and a chain of pages for each value. */
export function makeBdb(rows: readonly Buffer[], order: "LE" | "BE" = "LE"): Buffer {
  const u32At = (page: Buffer, value: number, at: number) => page[`writeUInt32${order}`](value, at);
  const u16At = (page: Buffer, value: number, at: number) => page[`writeUInt16${order}`](value, at);
  const pages = [Buffer.alloc(pageBytes), Buffer.alloc(pageBytes)];
  const hash = pages[1]!;
  hash[25] = 13;
  u16At(hash, rows.length * 2, 20);
  rows.forEach((row, index) => {
    const item = pageBytes - (index + 1) * 12;
    [index * 2, index * 2 + 1].forEach((slot) => u16At(hash, item, 26 + slot * 2));
    hash[item] = 3;
    u32At(hash, pages.length, item + 4);
    u32At(hash, row.length, item + 8);
    for (let at = 0; at < row.length; at += pageBytes - 26) {
      const page = Buffer.alloc(pageBytes);
      const part = row.subarray(at, at + pageBytes - 26);
      page[25] = 7;
      u32At(page, pages.length + 1, 16);
      u16At(page, part.length, 22);
      part.copy(page, 26);
      pages.push(page);
    }
  });
  const meta = pages[0]!;
  u32At(meta, 0x00061561, 12);
  u32At(meta, pageBytes, 20);
  u32At(meta, pages.length - 1, 32);
  return Buffer.concat(pages);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
