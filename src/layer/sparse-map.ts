import { LayerError } from "./layer-error.ts";
import { parsePaxNumber, type PaxRecord } from "./pax-records.ts";
import { readTarNumber } from "./tar-number.ts";

/** A stored part of a sparse file. */
export interface SparsePart {
  readonly offset: number;
  readonly length: number;
}

/** More parts than this are refused; a real file of a layer has a few. */
const sparsePartLimit = 65_536;

/** Checks that parts are in order, inside the file, and as long together as the stored data. Empty parts are dropped.
 * @throws {LayerError} `INVALID_TAR` */
export function checkSparseMap(
  parts: readonly SparsePart[],
  { sizeBytes, storedBytes }: { sizeBytes: number; storedBytes: number },
): SparsePart[] {
  let end = 0;
  let stored = 0;
  for (const { offset, length } of parts) {
    if (offset < end || offset + length > sizeBytes) throw invalid("the parts overlap or leave the file");
    end = offset + length;
    stored += length;
  }
  if (stored !== storedBytes) throw invalid(`wanted ${storedBytes} bytes of data, got ${stored}`);
  return parts.filter(({ length }) => length > 0);
}

/** PAX 0.0 (repeated `offset` and `numbytes` records) and 0.1 (one `map` record). */
export function sparsePartsOfRecords(records: readonly PaxRecord[]): SparsePart[] {
  const numbers: number[] = [];
  for (const { key, value } of records) {
    if (key === "GNU.sparse.map") {
      const fields = value.length === 0 ? [] : value.toString("latin1").split(",");
      for (const field of fields) numbers.push(parsePaxNumber(field));
    } else if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") {
      const isTurn = (numbers.length % 2 === 0) === (key === "GNU.sparse.offset");
      if (!isTurn) throw invalid("offsets and lengths do not alternate");
      numbers.push(parsePaxNumber(value.toString("latin1")));
    }
  }
  return pairUp(numbers);
}

/** Entries of a header of the old GNU form: pairs of 12-byte numbers, ended by an empty one. */
export function readGnuSparseParts(block: Buffer, offset: number, count: number): SparsePart[] {
  const parts: SparsePart[] = [];
  for (let index = 0; index < count; index++) {
    const at = offset + index * 24;
    if (block[at] === 0) break;
    parts.push({ offset: readTarNumber(block, at, 12), length: readTarNumber(block, at + 12, 12) });
  }
  return parts;
}

/** PAX 1.0 keeps the map before the data, as decimal lines: the number of parts, then offset and length of each.
 * Returns how many lines that is; the first one must be complete. */
export function sparseMapLines(map: Buffer): number {
  const count = parsePaxNumber(map.toString("latin1", 0, map.indexOf("\n")));
  checkSparsePartCount(count);
  return 1 + 2 * count;
}

/** Parses a whole map of PAX 1.0, perhaps followed by padding. */
export function parseSparseMap(map: Buffer): SparsePart[] {
  const lines = map.toString("latin1").split("\n");
  return pairUp(lines.slice(1, sparseMapLines(map)).map(parsePaxNumber));
}

function pairUp(numbers: readonly number[]): SparsePart[] {
  if (numbers.length % 2 !== 0) throw invalid("a part has no length");
  checkSparsePartCount(numbers.length / 2);
  const parts: SparsePart[] = [];
  for (let at = 0; at < numbers.length; at += 2)
    parts.push({ offset: numbers[at]!, length: numbers[at + 1]! });
  return parts;
}

/** @throws {LayerError} `LIMIT_EXCEEDED` */
export function checkSparsePartCount(count: number): void {
  if (count <= sparsePartLimit) return;
  throw new LayerError("LIMIT_EXCEEDED", `Cannot read sparse file: more than ${sparsePartLimit} parts`);
}

function invalid(reason: string): LayerError {
  return new LayerError("INVALID_TAR", `Cannot read sparse file: ${reason}`);
}
