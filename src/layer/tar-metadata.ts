import type { Xattr } from "../tree/index.ts";
import { quotePath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import { type PaxRecord, parsePaxNumber, parsePaxTime } from "./pax-records.ts";
import { sparsePartsOfRecords, type SparsePart } from "./sparse-map.ts";
import type { TarEntryType } from "./tar-entry.ts";

/** What PAX records and GNU long-name entries say about the next entry; it overrides the header. */
export interface TarMetadata {
  path?: string;
  linkPath?: string;
  sizeBytes?: number;
  uid?: number;
  gid?: number;
  mtimeNs?: bigint;
  xattrs: Xattr[];
  sparse?: PaxSparse;
}

/** `parts` is undefined when the map stands before the data (PAX 1.0). */
export interface PaxSparse {
  readonly parts: readonly SparsePart[] | undefined;
  readonly sizeBytes: number;
}

const xattrPrefix = "SCHILY.xattr.";

/** Reads the records that matter to a layer; the last one of a key counts, an empty value means the header's.
 * @throws {LayerError} `INVALID_TAR` */
export function metadataOfRecords(records: readonly PaxRecord[]): TarMetadata {
  const last = new Map(records.map(({ key, value }) => [key, value]));
  const text = (key: string) => last.get(key)?.toString("latin1") || undefined;
  const metadata: TarMetadata = { xattrs: xattrsOf(last) };
  const sparse = sparseOf(records, text);
  const path = pathOf(sparse ? (text("GNU.sparse.name") ?? text("path")) : text("path"));
  const linkPath = pathOf(text("linkpath"));
  const [size, uid, gid, mtime] = ["size", "uid", "gid", "mtime"].map(text);
  if (path !== undefined) metadata.path = path;
  if (linkPath !== undefined) metadata.linkPath = linkPath;
  if (size !== undefined) metadata.sizeBytes = parsePaxNumber(size);
  if (uid !== undefined) metadata.uid = parsePaxNumber(uid);
  if (gid !== undefined) metadata.gid = parsePaxNumber(gid);
  if (mtime !== undefined) metadata.mtimeNs = parsePaxTime(mtime);
  if (sparse) metadata.sparse = sparse;
  return metadata;
}

function xattrsOf(records: ReadonlyMap<string, Buffer>): Xattr[] {
  const xattrs: Xattr[] = [];
  for (const [key, value] of records) {
    if (key.startsWith(xattrPrefix)) xattrs.push({ name: key.slice(xattrPrefix.length), value });
  }
  return xattrs;
}

function pathOf(value: string | undefined): string | undefined {
  if (value?.includes("\0"))
    throw new LayerError("INVALID_TAR", "Cannot read PAX header: a path has a NUL byte");
  return value;
}

function sparseOf(
  records: readonly PaxRecord[],
  text: (key: string) => string | undefined,
): PaxSparse | undefined {
  const major = text("GNU.sparse.major");
  const size = text("GNU.sparse.realsize") ?? text("GNU.sparse.size");
  const hasMap = records.some(({ key }) => key === "GNU.sparse.map" || key === "GNU.sparse.offset");
  if (major === undefined && size === undefined && !hasMap) return undefined;
  const isMapInData = major === "1" && text("GNU.sparse.minor") === "0";
  const isKnown = isMapInData || major === undefined || major === "0";
  if (!isKnown || size === undefined) {
    throw new LayerError("UNSUPPORTED_ENTRY", "Cannot read sparse file: unknown version of its PAX records");
  }
  return {
    parts: isMapInData ? undefined : sparsePartsOfRecords(records),
    sizeBytes: parsePaxNumber(size),
  };
}

const typeFlags: Readonly<Record<string, TarEntryType>> = {
  "\0": "file",
  "0": "file",
  "7": "file", // contiguous
  S: "file", // GNU sparse
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
};

/** @throws {LayerError} `UNSUPPORTED_ENTRY` for types that no layer has */
export function entryTypeOf(typeFlag: string, path: string): TarEntryType {
  const type = typeFlags[typeFlag];
  if (type === undefined) {
    throw new LayerError(
      "UNSUPPORTED_ENTRY",
      `Cannot read tar entry ${quotePath(path)}: unknown type ${JSON.stringify(typeFlag)}`,
    );
  }
  // v7 had no directories: a trailing slash said it.
  return typeFlag === "\0" && path.endsWith("/") ? "directory" : type;
}
