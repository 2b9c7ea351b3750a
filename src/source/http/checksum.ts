import { SourceError } from "../source-error.ts";

export type ChecksumAlgorithm = "sha256" | "sha384" | "sha512";

const hexLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Reads `sha256:<hex>` and its longer kin.
 * @throws {SourceError} `INVALID_SOURCE` with the words of BuildKit's digest library */
export function parseChecksum(text: string): { algorithm: ChecksumAlgorithm; hex: string } {
  const [, algorithm = "", hex = ""] = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-z0-9=_-]+)$/i.exec(text) ?? [];
  if (algorithm === "") throw new SourceError("INVALID_SOURCE", "invalid checksum digest format");
  const length = hexLengths[algorithm];
  if (length === undefined) throw new SourceError("INVALID_SOURCE", "unsupported digest algorithm");
  if (hex.length !== length) throw new SourceError("INVALID_SOURCE", "invalid checksum digest length");
  if (!/^[0-9a-f]+$/.test(hex)) throw new SourceError("INVALID_SOURCE", "invalid checksum digest format");
  return { algorithm: algorithm as ChecksumAlgorithm, hex };
}
