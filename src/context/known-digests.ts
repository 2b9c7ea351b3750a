import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFileExpendable } from "../util/index.ts";

// The file: 8 bytes of magic, which change when a content digest or a fingerprint comes about otherwise; sha256 of all that
// follows; then fingerprint and content digest (32 bytes each) of one selection after the other, the latest last.
const MAGIC = "SLIPSEL2";
const MAGIC_BYTES = 8;
const HASH_BYTES = 32;
const HEADER_BYTES = MAGIC_BYTES + HASH_BYTES;
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
    writeFileExpendable(file, encode(this.#pairs.slice(-MOST)), tmpDir);
    this.#isChanged = false;
  }
}

/** Each COPY of each Dockerfile has one for each state of its files. */
const MOST = 1024;

function decode(bytes: Buffer): Buffer[] {
  const body = bytes.subarray(HEADER_BYTES);
  const isWhole =
    bytes.toString("latin1", 0, MAGIC_BYTES) === MAGIC &&
    body.length % PAIR_BYTES === 0 &&
    hash("sha256", body, "buffer").equals(bytes.subarray(MAGIC_BYTES, HEADER_BYTES));
  if (!isWhole) throw new Error("damaged");
  return Array.from({ length: body.length / PAIR_BYTES }, (_, index) =>
    body.subarray(index * PAIR_BYTES, (index + 1) * PAIR_BYTES),
  );
}

function encode(pairs: readonly Buffer[]): Buffer {
  const body = Buffer.concat(pairs);
  return Buffer.concat([Buffer.from(MAGIC, "latin1"), hash("sha256", body, "buffer"), body]);
}
