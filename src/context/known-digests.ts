import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { writeFileAtomic } from "../util/index.ts";

// The file: 8 bytes of magic, which change when a content digest or a fingerprint comes about otherwise; checksum of all that follows (u32,
// little endian); then fingerprint and content digest (32 bytes each) of one selection after the other, the latest last.
const MAGIC = "SLIPSEL1";
const HEADER_BYTES = 12;
const HASH_BYTES = 32;
const PAIR_BYTES = 2 * HASH_BYTES;

/** Content digests of a context's selections, by the fingerprints of their records. The latest 1024 are kept. */
export class KnownDigests {
  readonly #pairs: Buffer[];
  #isChanged = false;

  private constructor(pairs: readonly Buffer[]) {
    this.#pairs = [...pairs];
  }

  /** Whatever is wrong with the file, the result knows nothing then: it costs time only. */
  static read(file: string): KnownDigests {
    try {
      return new KnownDigests(decode(readFileSync(file)));
    } catch {
      return new KnownDigests([]);
    }
  }

  /** Hex sha256. */
  find(fingerprint: Buffer): string | undefined {
    const found = this.#pairs.find((pair) => pair.subarray(0, HASH_BYTES).equals(fingerprint));
    return found?.toString("hex", HASH_BYTES);
  }

  /** @param digest hex sha256 */
  add(fingerprint: Buffer, digest: string): void {
    this.#pairs.push(Buffer.concat([fingerprint, Buffer.from(digest, "hex")]));
    this.#isChanged = true;
  }

  /** Writes the file, if anything was added since: whole or not at all.
   * @throws the file system error */
  save(file: string, tmpDir?: string): void {
    if (!this.#isChanged) return;
    writeFileAtomic(file, encode(this.#pairs.slice(-MOST)), tmpDir);
    this.#isChanged = false;
  }
}

/** Each COPY of each Dockerfile has one for each state of its files. */
const MOST = 1024;

function decode(bytes: Buffer): Buffer[] {
  const body = bytes.subarray(HEADER_BYTES);
  const isWhole =
    bytes.toString("latin1", 0, 8) === MAGIC &&
    body.length % PAIR_BYTES === 0 &&
    crc32(body) === bytes.readUInt32LE(8);
  if (!isWhole) throw new Error("damaged");
  return Array.from({ length: body.length / PAIR_BYTES }, (_, index) =>
    body.subarray(index * PAIR_BYTES, (index + 1) * PAIR_BYTES),
  );
}

function encode(pairs: readonly Buffer[]): Buffer {
  const body = Buffer.concat(pairs);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(crc32(body), 8);
  return Buffer.concat([header, body]);
}
