import { quotePath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import { parsePaxRecords } from "./pax-records.ts";
import {
  checkSparseMap,
  checkSparsePartCount,
  parseSparseMap,
  readGnuSparseParts,
  sparseMapLines,
  type SparsePart,
} from "./sparse-map.ts";
import { tarBlockBytes, type TarEntry, tarPadding } from "./tar-entry.ts";
import { isZeroBlock, parseTarHeader, readTarString, type TarHeader } from "./tar-header.ts";
import { entryTypeOf, metadataOfRecords, type TarMetadata } from "./tar-metadata.ts";
import { readTarNumber } from "./tar-number.ts";

/** Receives the entries of a tar, in order: `entry`, then `data` as often as needed, then `entryEnd`. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  /** `chunk` belongs at byte `position` of the file, and is only valid during the call. */
  data(chunk: Buffer, position: number): void;
  entryEnd(): void;
}

/** PAX headers and long names above this are refused, as Go's archive/tar does. */
const metadataLimitBytes = 1024 * 1024;

/** How many bytes the parser wants next: exactly `n`, or, when negative, at most `-n`. 0 ends the archive. */
type Wanted = number;
type Parser = Generator<Wanted, void, Buffer>;

/** Parses a tar that is pushed in chunks of any size: ustar, PAX, GNU and v7, sparse files expanded. Memory is bounded,
 * whatever the archive says. Bytes after the end of the archive are ignored. */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #parser: Parser;
  #wanted: Wanted;
  #isBetweenEntries = true;
  /** The beginning of a block whose rest comes with the next chunk. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
    this.#parser = this.#parse();
    this.#wanted = this.#next();
  }

  /** @throws {LayerError} `INVALID_TAR` | `UNSUPPORTED_ENTRY`, and whatever the handler throws */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#wanted !== 0) {
      const available = chunk.length - at;
      const missing = Math.abs(this.#wanted) - this.#pendingBytes;
      const taken = Math.min(available, missing);
      const part = chunk.subarray(at, at + taken);
      at += taken;
      if (taken < missing && this.#wanted > 0) this.#keep(part);
      else this.#wanted = this.#next(this.#pendingBytes === 0 ? part : this.#joinWith(part));
    }
  }

  /** Says that no more bytes come.
   * @throws {LayerError} `TRUNCATED_TAR` when the archive stopped inside an entry */
  end(): void {
    if (this.#wanted === 0 || (this.#isBetweenEntries && this.#pendingBytes === 0)) return;
    throw new LayerError("TRUNCATED_TAR", "Cannot read tar: it ends inside an entry");
  }

  #next(bytes?: Buffer): Wanted {
    const step = bytes === undefined ? this.#parser.next() : this.#parser.next(bytes);
    return step.done ? 0 : step.value;
  }

  #keep(part: Buffer): void {
    this.#pending.push(Buffer.from(part));
    this.#pendingBytes += part.length;
  }

  #joinWith(part: Buffer): Buffer {
    const joined = Buffer.concat([...this.#pending, part]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return joined;
  }

  *#parse(): Parser {
    let metadata: TarMetadata | undefined;
    for (;;) {
      this.#isBetweenEntries = metadata === undefined;
      const block = yield tarBlockBytes;
      if (isZeroBlock(block)) {
        if (metadata) throw new LayerError("INVALID_TAR", "Cannot read tar: an extended header has no entry");
        const second = yield tarBlockBytes;
        if (isZeroBlock(second)) return;
        throw new LayerError("INVALID_TAR", "Cannot read tar: a block follows a lone zero block");
      }
      const header = parseTarHeader(block);
      this.#isBetweenEntries = false;
      if ("xLK".includes(header.typeFlag)) metadata = yield* this.#parseMetadata(header, metadata);
      else if ("gV".includes(header.typeFlag)) yield* this.#skip(header.sizeBytes);
      else {
        yield* this.#parseEntry(header, block, metadata);
        metadata = undefined;
      }
    }
  }

  /** Global PAX headers and volume labels are passed over, as Go's archive/tar leaves them unapplied. */
  *#skip(sizeBytes: number): Parser {
    for (let left = sizeBytes; left > 0; ) left -= (yield -left).length;
    this.#isBetweenEntries = true;
    yield* this.#skipPadding(sizeBytes);
  }

  *#parseMetadata(
    header: TarHeader,
    before: TarMetadata | undefined,
  ): Generator<Wanted, TarMetadata, Buffer> {
    if (header.sizeBytes > metadataLimitBytes) {
      throw new LayerError(
        "LIMIT_EXCEEDED",
        `Cannot read tar: an extended header has ${header.sizeBytes} bytes, at most ${metadataLimitBytes} are allowed`,
      );
    }
    const body = header.sizeBytes === 0 ? Buffer.alloc(0) : yield header.sizeBytes;
    const metadata = { ...(before ?? { xattrs: [] }) };
    if (header.typeFlag === "x") Object.assign(metadata, metadataOfRecords(parsePaxRecords(body)));
    else if (header.typeFlag === "L") metadata.path = readTarString(body, 0, body.length);
    else metadata.linkPath = readTarString(body, 0, body.length);
    yield* this.#skipPadding(header.sizeBytes);
    return metadata;
  }

  *#parseEntry(header: TarHeader, block: Buffer, metadata: TarMetadata = { xattrs: [] }): Parser {
    const path = metadata.path ?? header.name;
    const type = entryTypeOf(header.typeFlag, path);
    // Only files have data: other types may carry a size that means nothing.
    const storedBytes = type === "file" ? (metadata.sizeBytes ?? header.sizeBytes) : 0;
    const sparse =
      type === "file" ? yield* this.#parseSparse(header, block, metadata, storedBytes) : undefined;
    this.#handler.entry({
      path,
      type,
      mode: header.mode,
      uid: ownerOf(metadata.uid ?? header.uid, path),
      gid: ownerOf(metadata.gid ?? header.gid, path),
      sizeBytes: sparse ? sparse.sizeBytes : storedBytes,
      mtimeNs: boundedTime(metadata.mtimeNs ?? BigInt(header.mtimeSeconds) * 1_000_000_000n),
      linkPath: type === "hardlink" || type === "symlink" ? (metadata.linkPath ?? header.linkName) : "",
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs: metadata.xattrs,
      isSparse: sparse !== undefined,
    });
    for (const part of sparse?.parts ?? [{ offset: 0, length: storedBytes }]) yield* this.#passData(part);
    this.#handler.entryEnd();
    this.#isBetweenEntries = true;
    yield* this.#skipPadding(storedBytes);
  }

  *#passData({ offset, length }: SparsePart): Parser {
    const end = offset + length;
    for (let position = offset; position < end; ) {
      const chunk = yield position - end;
      this.#handler.data(chunk, position);
      position += chunk.length;
    }
  }

  *#parseSparse(
    header: TarHeader,
    block: Buffer,
    metadata: TarMetadata,
    storedBytes: number,
  ): Generator<Wanted, { parts: readonly SparsePart[]; sizeBytes: number } | undefined, Buffer> {
    if (header.typeFlag === "S") {
      const sizeBytes = readTarNumber(block, 483, 12);
      const parts = yield* this.#parseGnuParts(block);
      return { sizeBytes, parts: checkSparseMap(parts, { sizeBytes, storedBytes }) };
    }
    if (!metadata.sparse) return undefined;
    const { sizeBytes } = metadata.sparse;
    if (metadata.sparse.parts) {
      return { sizeBytes, parts: checkSparseMap(metadata.sparse.parts, { sizeBytes, storedBytes }) };
    }
    const map = yield* this.#parseMapBlocks(storedBytes);
    const dataBytes = storedBytes - map.blockBytes;
    return { sizeBytes, parts: checkSparseMap(map.parts, { sizeBytes, storedBytes: dataBytes }) };
  }

  *#parseGnuParts(block: Buffer): Generator<Wanted, SparsePart[], Buffer> {
    const parts = readGnuSparseParts(block, 386, 4);
    for (let hasMore = block[482] !== 0; hasMore; ) {
      const extension = yield tarBlockBytes;
      parts.push(...readGnuSparseParts(extension, 0, 21));
      checkSparsePartCount(parts.length);
      hasMore = extension[504] !== 0;
    }
    return parts;
  }

  *#parseMapBlocks(
    storedBytes: number,
  ): Generator<Wanted, { parts: SparsePart[]; blockBytes: number }, Buffer> {
    const limitBytes = Math.min(storedBytes, metadataLimitBytes);
    const blocks: Buffer[] = [];
    for (let lines = 0, wantedLines = Infinity; lines < wantedLines; ) {
      if ((blocks.length + 1) * tarBlockBytes > limitBytes) {
        throw new LayerError("INVALID_TAR", "Cannot read sparse file: its map does not end");
      }
      const block = Buffer.from(yield tarBlockBytes);
      blocks.push(block);
      for (const byte of block) if (byte === 0x0a) lines++;
      if (wantedLines === Infinity && lines > 0) wantedLines = sparseMapLines(Buffer.concat(blocks));
    }
    return { parts: parseSparseMap(Buffer.concat(blocks)), blockBytes: blocks.length * tarBlockBytes };
  }

  /** A last block without its padding is tolerated at the end of the bytes. */
  *#skipPadding(sizeBytes: number): Parser {
    for (let left = tarPadding(sizeBytes); left > 0; ) left -= (yield -left).length;
  }
}

/** Times that 64 bits of nanoseconds cannot hold become 1970, as for containerd. */
function boundedTime(timeNs: bigint): bigint {
  return BigInt.asIntN(64, timeNs) === timeNs ? timeNs : 0n;
}

function ownerOf(id: number, path: string): number {
  // 2^32 - 1 means "leave it" to chown.
  if (id >= 0 && id < 0xffff_ffff) return id;
  throw new LayerError("INVALID_TAR", `Cannot read tar entry ${quotePath(path)}: no owner has the id ${id}`);
}
