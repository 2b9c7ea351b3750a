import { createHash, type Hash } from "node:crypto";
import { quotePath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import type { TarEntry, TarEntryType } from "./tar-entry.ts";
import type { TarHandler } from "./tar-reader.ts";
import { isoTime } from "../util/index.ts";

/** Of the file that holds the table of contents. */
export const tocName = "stargz.index.json";

/** How many bytes of a file a gzip member holds at most; readers verify each for itself. */
export const estargzChunkBytes = 4 * 1024 * 1024;

/** Of what a table of contents is made in memory: some hundred thousand files. */
const tocLimitBytes = 256 * 1024 * 1024;
/** What an entry takes besides its texts, about. */
const entryBytes = 512;

interface Listed {
  readonly entry: TarEntry;
  readonly chunks: readonly Chunk[];
  /** Of a regular file's bytes. */
  readonly digest: string | undefined;
}

interface Chunk {
  readonly member: number;
  readonly digest: string;
}

/** Gathers the table of contents of an eStargz blob while its tar is read. */
export class EstargzEntries implements TarHandler {
  readonly #listed: Listed[] = [];
  #listedBytes = 0;
  /** Data that begin a gzip member, since `takeCuts`. */
  #cuts: Buffer[] = [];
  /** The first member begins with the tar. */
  #members = 1;
  #entry: TarEntry | undefined;
  #fileHash: Hash | undefined;
  #chunkHash: Hash | undefined;
  #chunks: Chunk[] = [];

  entry(entry: TarEntry): void {
    checkEntry(entry);
    this.#entry = entry;
    this.#fileHash = entry.type === "file" ? createHash("sha256") : undefined;
    this.#chunks = [];
    this.#listedBytes += entryBytes + entry.path.length + entry.linkPath.length;
    for (const { name, value } of entry.xattrs) this.#listedBytes += name.length + 2 * value.length;
    if (this.#listedBytes > tocLimitBytes) {
      throw new LayerError("LIMIT_EXCEEDED", "Cannot make an eStargz layer: it has too many files");
    }
  }

  data(data: Buffer, position: number): void {
    this.#fileHash!.update(data);
    for (let at = 0; at < data.length; ) {
      const inChunk = (position + at) % estargzChunkBytes;
      const part = data.subarray(at, at + estargzChunkBytes - inChunk);
      if (inChunk === 0) this.#startChunk(part);
      this.#chunkHash!.update(part);
      at += part.length;
    }
  }

  entryEnd(): void {
    this.#endChunk();
    const digest = this.#fileHash && toDigest(this.#fileHash);
    this.#listed.push({ entry: this.#entry!, chunks: this.#chunks, digest });
  }

  /** Where in `bytes`, which were just read, gzip members begin. */
  takeCuts(bytes: Buffer): readonly number[] {
    const cuts = this.#cuts.map((data) => data.byteOffset - bytes.byteOffset);
    this.#cuts = [];
    return cuts;
  }

  /** @param memberOffsets where each gzip member begins in the blob */
  toJson(memberOffsets: readonly number[]): string {
    const entries = this.#listed.flatMap((listed) => describe(listed, memberOffsets));
    return JSON.stringify({ version: 1, entries }, undefined, "\t");
  }

  #startChunk(data: Buffer): void {
    this.#endChunk();
    this.#cuts.push(data);
    this.#members++;
    this.#chunkHash = createHash("sha256");
  }

  #endChunk(): void {
    if (!this.#chunkHash) return;
    this.#chunks.push({ member: this.#members - 1, digest: toDigest(this.#chunkHash) });
    this.#chunkHash = undefined;
  }
}

function checkEntry({ path, isSparse }: TarEntry): void {
  const isToc = path.replace(/^(\.?\/)+/, "") === tocName;
  const reason = isToc ? "is the name of its table of contents" : isSparse ? "is stored sparse" : undefined;
  if (reason === undefined) return;
  throw new LayerError("UNREPRESENTABLE", `Cannot make an eStargz layer: ${quotePath(path)} ${reason}`);
}

const typeNames: Readonly<Record<TarEntryType, string>> = {
  file: "reg",
  hardlink: "hardlink",
  symlink: "symlink",
  "character-device": "char",
  "block-device": "block",
  directory: "dir",
  fifo: "fifo",
};

/** A file's entry tells of its first chunk; the others have entries of their own. What is zero or empty is left out. */
function describe({ entry, chunks, digest }: Listed, memberOffsets: readonly number[]): object[] {
  const name = toText(entry.path);
  const chunkFields = chunks.map((chunk, index) => {
    const chunkOffset = index * estargzChunkBytes;
    const isWhole = entry.sizeBytes - chunkOffset >= estargzChunkBytes;
    return {
      offset: memberOffsets[chunk.member]!,
      rest: { chunkOffset, chunkSize: isWhole ? estargzChunkBytes : 0, chunkDigest: chunk.digest },
    };
  });
  const [first, ...others] = chunkFields;
  const own = withoutEmpty({
    name,
    type: typeNames[entry.type],
    size: entry.sizeBytes,
    modtime: toTime(entry.mtimeNs),
    linkName: toText(entry.linkPath),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    offset: first?.offset,
    devMajor: entry.deviceMajor,
    devMinor: entry.deviceMinor,
    xattrs: xattrsOf(entry),
    digest,
    ...first?.rest,
  });
  return [own, ...others.map(({ offset, rest }) => withoutEmpty({ name, type: "chunk", offset, ...rest }))];
}

function withoutEmpty(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => Boolean(value)));
}

function xattrsOf({ xattrs }: TarEntry): object | undefined {
  if (xattrs.length === 0) return undefined;
  const texts = xattrs.map(({ name, value }) => [toText(name), value.toString("base64")] as const);
  return Object.fromEntries(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** RFC 3339, rounded to seconds; nothing for the epoch. */
function toTime(mtimeNs: bigint): string {
  const second = 1_000_000_000n;
  if (mtimeNs >= 0n && mtimeNs < second) return "";
  const shifted = mtimeNs + second / 2n;
  const rounded = (shifted - (((shifted % second) + second) % second)) / second;
  return isoTime(Number(rounded) * 1000).replace(".000Z", "Z");
}

function toText(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}

function toDigest(hash: Hash): string {
  return `sha256:${hash.digest("hex")}`;
}
