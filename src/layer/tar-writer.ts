import { formatPaxRecords, type PaxRecord } from "./pax-records.ts";
import { tarBlockBytes, type TarEntry, type TarEntryType, tarPadding } from "./tar-entry.ts";
import { tarChecksum } from "./tar-header.ts";
import { fitsOctal, writeOctal } from "./tar-number.ts";

const typeFlags: Readonly<Record<TarEntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

/** Two zero blocks, and no further padding. */
export const tarEndBytes = 2 * tarBlockBytes;

/** Encodes the header of one entry: a ustar block, with a PAX header before it where ustar cannot say it. The bytes are
 * those of Go's archive/tar in PAX format, so that a layer has the diffID that BuildKit would give it. Times are whole
 * seconds, as BuildKit truncates them. */
export function encodeTarHeader(entry: TarEntry): Buffer {
  const records = paxRecordsOf(entry);
  if (records.length === 0)
    return encodeUstar(entry, splitName(entry.path) ?? { prefix: "", name: entry.path });
  return Buffer.concat([
    encodePaxHeader(entry.path, records),
    encodeUstar(entry, { prefix: "", name: toAscii(entry.path) }),
  ]);
}

function paxRecordsOf(entry: TarEntry): PaxRecord[] {
  const records: PaxRecord[] = entry.xattrs.map(({ name, value }) => ({
    key: `SCHILY.xattr.${name}`,
    value,
  }));
  const add = (key: string, text: string) => records.push({ key, value: Buffer.from(text, "latin1") });
  const seconds = mtimeSecondsOf(entry);
  if (!fitsOctal(entry.uid, 8)) add("uid", String(entry.uid));
  if (!fitsOctal(entry.gid, 8)) add("gid", String(entry.gid));
  if (!fitsOctal(entry.sizeBytes, 12)) add("size", String(entry.sizeBytes));
  if (!fitsOctal(seconds, 12)) add("mtime", String(seconds));
  if (!isAscii(entry.linkPath) || entry.linkPath.length > 100) add("linkpath", entry.linkPath);
  const isLong = entry.path.length > 100;
  // Where other records are needed anyway, Go keeps the long name among them and not in the prefix.
  const needsRecord = !isAscii(entry.path) || (isLong && (records.length > 0 || !splitName(entry.path)));
  if (needsRecord) add("path", entry.path);
  return records;
}

/** Whole seconds, rounded down. */
function mtimeSecondsOf(entry: TarEntry): number {
  const seconds = Number(entry.mtimeNs / 1_000_000_000n);
  return entry.mtimeNs < 0n && entry.mtimeNs % 1_000_000_000n !== 0n ? seconds - 1 : seconds;
}

/** Splits a long ASCII name at a slash so that both parts fit ustar. */
function splitName(path: string): { prefix: string; name: string } | undefined {
  if (path.length <= 100 || !isAscii(path)) return undefined;
  const isDirectory = path.endsWith("/");
  const searched = path.length > 156 ? 156 : isDirectory ? path.length - 1 : path.length;
  const slash = path.lastIndexOf("/", searched - 1);
  const name = path.slice(slash + 1);
  if (slash <= 0 || name.length === 0 || name.length > 100) return undefined;
  return { prefix: path.slice(0, slash), name };
}

function encodeUstar(entry: TarEntry, { prefix, name }: { prefix: string; name: string }): Buffer {
  const block = Buffer.alloc(tarBlockBytes);
  writeName(block, 0, name);
  writeOctal(block, 100, 8, entry.mode);
  writeOctal(block, 108, 8, entry.uid);
  writeOctal(block, 116, 8, entry.gid);
  writeOctal(block, 124, 12, entry.sizeBytes);
  writeOctal(block, 136, 12, mtimeSecondsOf(entry));
  block.write(typeFlags[entry.type], 156, "latin1");
  writeName(block, 157, toAscii(entry.linkPath));
  writeOctal(block, 329, 8, entry.deviceMajor);
  writeOctal(block, 337, 8, entry.deviceMinor);
  block.write(prefix, 345, 155, "latin1");
  return seal(block);
}

/** A name that is cut off must not seem to be a directory's. */
function writeName(block: Buffer, offset: number, name: string): void {
  const isCutAtSlash = name.length > 100 && name[99] === "/";
  block.write(name, offset, isCutAtSlash ? 99 : 100, "latin1");
}

/** A PAX header: an entry of its own before the one that it describes. */
function encodePaxHeader(path: string, records: readonly PaxRecord[]): Buffer {
  const body = formatPaxRecords(records);
  const block = Buffer.alloc(tarBlockBytes);
  block.write(paxHeaderName(path), 0, 100, "latin1");
  for (const [offset, length] of [
    [100, 8],
    [108, 8],
    [116, 8],
    [136, 12],
  ] as const)
    writeOctal(block, offset, length, 0);
  writeOctal(block, 124, 12, body.length);
  block.write("x", 156, "latin1");
  return Buffer.concat([seal(block), body, Buffer.alloc(tarPadding(body.length))]);
}

/** `dir/file` → `dir/PaxHeaders.0/file`. */
function paxHeaderName(path: string): string {
  const slash = path.lastIndexOf("/");
  const parts = [...path.slice(0, slash + 1).split("/"), "PaxHeaders.0", path.slice(slash + 1)];
  const name = toAscii(parts.filter((part) => part !== "").join("/")).slice(0, 100);
  return name.replace(/\/+$/, "");
}

function seal(block: Buffer): Buffer {
  block.write("ustar\x0000", 257, "latin1");
  writeOctal(block, 148, 7, tarChecksum(block));
  block[155] = 0x20;
  return block;
}

function isAscii(text: string): boolean {
  return !/[^\x01-\x7f]/.test(text);
}

function toAscii(text: string): string {
  return text.replace(/[^\x01-\x7f]/g, "");
}
