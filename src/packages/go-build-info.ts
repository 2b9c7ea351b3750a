import type { FoundPackage } from "./found-package.ts";
import type { ReadAt } from "./rpm/read-at.ts";

const magic = Buffer.from("\xff Go buildinf:", "latin1");
const headerBytes = 32;
/** Far above what programs have. */
const limits = { sections: 4096, namesBytes: 1 << 20, infoBytes: 8 << 20 };

/** The modules that a Go program was linked of, as `go version -m` lists them; none for any other file. Programs of Go before 1.18 do
 * not say. */
export function readGoBuildInfo(read: ReadAt, path: string): readonly FoundPackage[] {
  const section = findSection(read);
  if (!section) return [];
  const data = read(section.offset, Math.min(section.sizeBytes, limits.infoBytes));
  const start = data.indexOf(magic);
  if (start < 0 || data.length < start + headerBytes || (data[start + 15]! & 2) === 0) return [];
  const version = readString(data, start + headerBytes);
  const modules = version && readString(data, version.end);
  if (!version || !modules) return [];
  return parseModules(version.bytes.toString(), modules.bytes, path);
}

interface Section {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** `.go.buildinfo` of an ELF file. */
function findSection(read: ReadAt): Section | undefined {
  const head = read(0, 64);
  if (head.length < 64 || head.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const [is64, isLittle] = [head[4] === 2, head[5] === 1];
  const number = (bytes: Buffer, at: number, length: number) =>
    isLittle ? readLittle(bytes, at, length) : readBig(bytes, at, length);
  const table = number(head, is64 ? 40 : 32, is64 ? 8 : 4);
  const [entryBytes, count, namesIndex] = [0, 2, 4].map((at) => number(head, (is64 ? 58 : 46) + at, 2));
  if (!entryBytes || entryBytes < (is64 ? 64 : 40) || !count || count > limits.sections) return undefined;
  const entries = read(table, entryBytes * count);
  if (entries.length < entryBytes * count || namesIndex! >= count) return undefined;
  const sectionAt = (index: number): Section => ({
    offset: number(entries, index * entryBytes + (is64 ? 24 : 16), is64 ? 8 : 4),
    sizeBytes: number(entries, index * entryBytes + (is64 ? 32 : 20), is64 ? 8 : 4),
  });
  const names = sectionAt(namesIndex!);
  const text = read(names.offset, Math.min(names.sizeBytes, limits.namesBytes)).toString("latin1");
  for (let index = 0; index < count; index++) {
    const name = number(entries, index * entryBytes, 4);
    if (text.startsWith(".go.buildinfo\0", name)) return sectionAt(index);
  }
  return undefined;
}

/** Offsets above 2^48 lie in no file. */
function readLittle(bytes: Buffer, at: number, length: number): number {
  return bytes.readUIntLE(at, Math.min(length, 6));
}

function readBig(bytes: Buffer, at: number, length: number): number {
  return length === 8 ? bytes.readUIntBE(at + 2, 6) : bytes.readUIntBE(at, length);
}

/** A length as a varint, and that many bytes. */
function readString(data: Buffer, at: number): { readonly bytes: Buffer; readonly end: number } | undefined {
  let [length, shift, position] = [0, 0, at];
  for (; ; position++, shift += 7) {
    const byte = data[position];
    if (byte === undefined || shift > 28) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const end = position + 1 + length;
  return end <= data.length ? { bytes: data.subarray(position + 1, end), end } : undefined;
}

const markBytes = 16;

/** Fields parted by tabs, between two marks: `mod` and `dep` name a module, `=>` what takes the place of the one before. */
function parseModules(goVersion: string, marked: Buffer, path: string): readonly FoundPackage[] {
  const found: FoundPackage[] = [
    { type: "golang", name: "stdlib", version: goVersion.replace(/^go/, "").split(" ")[0]!, path },
  ];
  for (const line of marked
    .toString("utf8", markBytes, Math.max(markBytes, marked.length - markBytes))
    .split("\n")) {
    const [word = "", name, version] = line.split("\t");
    if (!name || !["mod", "dep", "=>"].includes(word)) continue;
    if (word === "=>" && found.length > 1) found.pop();
    found.push({ type: "golang", name, version: version || "(devel)", path });
  }
  return found;
}
