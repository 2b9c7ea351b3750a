import type { FoundPackage } from "../found-package.ts";
import { DatabaseError } from "./read-at.ts";

/** @see https://rpm-software-management.github.io/rpm/manual/tags.html */
const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  license: 1014,
  arch: 1022,
  source: 1044,
};
const types = { int32: 4, string: 6, i18n: 9 };
const entryBytes = 16;

/** The package that a header in rpm's database tells of; undefined for a key, which is kept like a package.
 * @throws {DatabaseError} */
export function parseRpmHeader(bytes: Buffer, path: string): FoundPackage | undefined {
  const header = readIndex(bytes);
  const name = textOf(header, tags.name);
  const version = textOf(header, tags.version);
  const release = textOf(header, tags.release);
  if (!name || !version || !release) throw new DatabaseError("a package has no name or no version");
  if (name === "gpg-pubkey") return undefined;
  const epoch = header.entries.get(tags.epoch);
  const architecture = textOf(header, tags.arch);
  const license = textOf(header, tags.license);
  const source = textOf(header, tags.source);
  return {
    type: "rpm",
    name,
    version: `${version}-${release}`,
    ...(epoch?.type === types.int32 && { epoch: numberAt(header, epoch.offset) }),
    ...(architecture && { architecture }),
    ...(license && { license }),
    ...(source && source !== "(none)" && { source }),
    path,
  };
}

interface Entry {
  readonly type: number;
  readonly offset: number;
}

interface Header {
  readonly entries: ReadonlyMap<number, Entry>;
  readonly data: Buffer;
}

function readIndex(bytes: Buffer): Header {
  if (bytes.length < 8) throw new DatabaseError("a header is cut off");
  const count = bytes.readUInt32BE(0);
  const start = 8 + count * entryBytes;
  const end = start + bytes.readUInt32BE(4);
  if (end > bytes.length) throw new DatabaseError("a header is cut off");
  const entries = new Map<number, Entry>();
  for (let at = 8; at < start; at += entryBytes) {
    const [tag, type, offset] = [0, 4, 8].map((field) => bytes.readUInt32BE(at + field));
    entries.set(tag!, { type: type!, offset: offset! });
  }
  return { entries, data: bytes.subarray(start, end) };
}

function textOf({ entries, data }: Header, tag: number): string | undefined {
  const entry = entries.get(tag);
  if (!entry || (entry.type !== types.string && entry.type !== types.i18n)) return undefined;
  const end = data.indexOf(0, entry.offset);
  return end < 0 ? undefined : data.toString("utf8", entry.offset, end);
}

function numberAt({ data }: Header, offset: number): number {
  if (offset + 4 > data.length) throw new DatabaseError("a number goes beyond its header");
  return data.readUInt32BE(offset);
}
