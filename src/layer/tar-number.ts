import { LayerError } from "./layer-error.ts";

/** Reads a numeric header field: octal digits among spaces and NULs, or base-256 (GNU) when the first bit is set.
 * @throws {LayerError} `INVALID_TAR` for anything else, and for numbers that a double cannot hold exactly */
export function readTarNumber(block: Buffer, offset: number, length: number): number {
  if ((block[offset]! & 0x80) !== 0) return readBase256(block, offset, length);
  let value = 0;
  let at = offset;
  const end = offset + length;
  while (at < end && isPadding(block[at]!)) at++;
  for (; at < end && !isPadding(block[at]!); at++) {
    const digit = block[at]! - 0x30;
    if (digit < 0 || digit > 7) throw invalidNumber(block, offset, length);
    value = value * 8 + digit;
  }
  for (; at < end && block[at] !== 0; at++) {
    if (block[at] !== 0x20) throw invalidNumber(block, offset, length);
  }
  return value; // twelve octal digits are below 2^53
}

function readBase256(block: Buffer, offset: number, length: number): number {
  const isNegative = (block[offset]! & 0x40) !== 0;
  const mask = isNegative ? 0xff : 0;
  let value = (block[offset]! ^ mask) & 0x3f;
  for (let at = offset + 1; at < offset + length; at++) {
    value = value * 256 + (block[at]! ^ mask);
    if (value > Number.MAX_SAFE_INTEGER - 1) throw invalidNumber(block, offset, length);
  }
  return isNegative ? -value - 1 : value;
}

function isPadding(byte: number): boolean {
  return byte === 0 || byte === 0x20;
}

function invalidNumber(block: Buffer, offset: number, length: number): LayerError {
  const field = block.toString("latin1", offset, offset + length);
  return new LayerError(
    "INVALID_TAR",
    `Cannot read tar header: ${JSON.stringify(field)} is no number at byte ${offset} of the block`,
  );
}

/** Does `value` fit a numeric field of `length` bytes as octal digits and a NUL? */
export function fitsOctal(value: number, length: number): boolean {
  return value >= 0 && value < 8 ** (length - 1);
}

/** Writes zero-padded octal digits and a NUL; a number that does not fit becomes 0 (its PAX record holds it then). */
export function writeOctal(block: Buffer, offset: number, length: number, value: number): void {
  let rest = fitsOctal(value, length) ? value : 0;
  block[offset + length - 1] = 0;
  for (let at = offset + length - 2; at >= offset; at--) {
    block[at] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}
