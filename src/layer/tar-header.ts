import { LayerError } from "./layer-error.ts";
import { tarBlockBytes } from "./tar-entry.ts";
import { readTarNumber } from "./tar-number.ts";

/** A header block as it stands, before PAX records and GNU long names are applied to it. */
export interface TarHeader {
  readonly format: "v7" | "ustar" | "star" | "gnu";
  /** One character; NUL for regular files of v7. */
  readonly typeFlag: string;
  readonly name: string;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

const checksumOffset = 148;
const magicOffset = 257;
const prefixOffset = 345;

/** Decodes one header block.
 * @throws {LayerError} `INVALID_TAR` when the checksum or a number is wrong */
export function parseTarHeader(block: Buffer): TarHeader {
  verifyChecksum(block);
  const format = formatOf(block);
  const hasDevice = format !== "v7";
  const sizeBytes = readTarNumber(block, 124, 12);
  if (sizeBytes < 0) throw new LayerError("INVALID_TAR", "Cannot read tar header: the size is negative");
  return {
    format,
    typeFlag: String.fromCharCode(block[156]!),
    name: fullName(block, format),
    linkName: readTarString(block, 157, 100),
    mode: readTarNumber(block, 100, 8) & 0o7777,
    uid: readTarNumber(block, 108, 8),
    gid: readTarNumber(block, 116, 8),
    sizeBytes,
    mtimeSeconds: readTarNumber(block, 136, 12),
    deviceMajor: hasDevice ? readTarNumber(block, 329, 8) : 0,
    deviceMinor: hasDevice ? readTarNumber(block, 337, 8) : 0,
  };
}

/** Reads bytes up to the first NUL. */
export function readTarString(block: Buffer, offset: number, length: number): string {
  const nul = block.indexOf(0, offset);
  const end = nul === -1 ? offset + length : Math.min(nul, offset + length);
  return block.toString("latin1", offset, end);
}

export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < tarBlockBytes; at++) if (block[at] !== 0) return false;
  return true;
}

/** The sum of the block's bytes, the checksum field counted as spaces. */
export function tarChecksum(block: Buffer, offset = 0): number {
  let sum = 8 * 0x20;
  for (let at = offset; at < offset + checksumOffset; at++) sum += block[at]!;
  for (let at = offset + checksumOffset + 8; at < offset + tarBlockBytes; at++) sum += block[at]!;
  return sum;
}

function verifyChecksum(block: Buffer): void {
  const wanted = readTarNumber(block, checksumOffset, 8);
  const sum = tarChecksum(block);
  if (sum === wanted || signedChecksum(block) === wanted) return;
  throw new LayerError("INVALID_TAR", `Cannot read tar header: wanted checksum ${wanted}, got ${sum}`);
}

/** Some old programs summed signed characters. */
function signedChecksum(block: Buffer): number {
  let sum = tarChecksum(block);
  for (let at = 0; at < tarBlockBytes; at++) {
    const isChecksum = at >= checksumOffset && at < checksumOffset + 8;
    if (!isChecksum && block[at]! >= 0x80) sum -= 256;
  }
  return sum;
}

function formatOf(block: Buffer): TarHeader["format"] {
  const magic = block.toString("latin1", magicOffset, magicOffset + 8);
  if (magic === "ustar  \0") return "gnu";
  if (!magic.startsWith("ustar\0")) return "v7";
  return block.toString("latin1", 508, 512) === "tar\0" ? "star" : "ustar";
}

/** GNU keeps times where ustar has the prefix of the name. */
function fullName(block: Buffer, format: TarHeader["format"]): string {
  const name = readTarString(block, 0, 100);
  if (format === "v7" || format === "gnu") return name;
  const prefix = readTarString(block, prefixOffset, format === "star" ? 131 : 155);
  return prefix === "" ? name : `${prefix}/${name}`;
}
