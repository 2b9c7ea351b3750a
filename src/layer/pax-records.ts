import { LayerError } from "./layer-error.ts";

/** One record of a PAX header, in the order of the archive (GNU sparse 0.0 repeats its keys). */
export interface PaxRecord {
  readonly key: string;
  readonly value: Buffer;
}

/** Parses the body of a PAX header: records of the form `<length> <key>=<value>\n`, the length counting all of it.
 * @throws {LayerError} `INVALID_TAR` */
export function parsePaxRecords(body: Buffer): PaxRecord[] {
  const records: PaxRecord[] = [];
  let at = 0;
  while (at < body.length) {
    const { lengthEnd, end } = recordBounds(body, at);
    const equals = body.indexOf(0x3d, lengthEnd + 1);
    if (equals <= lengthEnd + 1 || equals >= end - 1) throw invalid("a record has no key");
    const key = body.toString("latin1", lengthEnd + 1, equals);
    if (key.includes("\0")) throw invalid("a key has a NUL byte");
    records.push({ key, value: Buffer.from(body.subarray(equals + 1, end - 1)) });
    at = end;
  }
  return records;
}

function recordBounds(body: Buffer, at: number): { lengthEnd: number; end: number } {
  let length = 0;
  let lengthEnd = at;
  for (; lengthEnd < body.length && body[lengthEnd] !== 0x20; lengthEnd++) {
    const digit = body[lengthEnd]! - 0x30;
    if (digit < 0 || digit > 9 || lengthEnd - at > 8) throw invalid("a record has no length");
    length = length * 10 + digit;
  }
  const end = at + length;
  if (end > body.length || end < lengthEnd + 4) throw invalid("the length of a record does not fit");
  if (body[end - 1] !== 0x0a) throw invalid("a record does not end with a newline");
  return { lengthEnd, end };
}

/** Formats records, sorted by key in byte order. */
export function formatPaxRecords(records: readonly PaxRecord[]): Buffer {
  const sorted = [...records].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return Buffer.concat(sorted.flatMap(({ key, value }) => formatRecord(key, value)));
}

function formatRecord(key: string, value: Buffer): Buffer[] {
  const rest = key.length + value.length + 3; // space, equals sign, newline
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length = rest + String(length).length;
  return [Buffer.from(`${length} ${key}=`, "latin1"), value, Buffer.from("\n")];
}

/** Parses a PAX time, decimal seconds with a fraction, to nanoseconds (more digits are cut off).
 * @throws {LayerError} `INVALID_TAR` */
export function parsePaxTime(value: string): bigint {
  const match = /^(-?)(\d{1,20})(?:\.(\d*))?$/.exec(value);
  if (!match) throw invalid(`${JSON.stringify(value)} is no time`);
  const [, sign, seconds, fraction = ""] = match;
  const ns = BigInt(seconds!) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return sign === "-" ? -ns : ns;
}

/** Parses a PAX decimal number that is not negative.
 * @throws {LayerError} `INVALID_TAR` when it is no number or above 2^53 */
export function parsePaxNumber(value: string): number {
  const number = /^\d{1,20}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalid(`${JSON.stringify(value)} is no number`);
  return number;
}

function invalid(reason: string): LayerError {
  return new LayerError("INVALID_TAR", `Cannot read PAX header: ${reason}`);
}
