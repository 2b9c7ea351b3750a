import type { FileState } from "../tree/index.ts";

/** Up to three texts of one character for each byte. */
export type Texts = readonly [string, string | undefined, string | undefined];

/** One row of a record. */
export interface Row {
  readonly kind: number;
  readonly mode: number;
  readonly rdev: number;
  readonly state: FileState;
  readonly texts: Texts;
}

// A row is, in the machine's byte order: kind and lengths of the texts (4 × u32; a text's length is one more than it has characters, 0 is
// none), mode, rdev, size and inode (4 × f64), mtime and ctime (2 × i64), the texts; then zeros up to a multiple of 8 bytes.
const NUMBERS_BYTES = 64;

/** Rows one behind the other in one piece of memory; no two lists of rows are the same bytes. */
export class RowChunk {
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  readonly #floats: Float64Array;
  readonly #longs: BigInt64Array;
  #end = 0;

  constructor(sizeBytes: number) {
    this.#bytes = Buffer.alloc(roundUp(sizeBytes));
    const { buffer } = this.#bytes;
    this.#words = new Uint32Array(buffer);
    this.#floats = new Float64Array(buffer);
    this.#longs = new BigInt64Array(buffer);
  }

  /** What has been added, as bytes. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  /** False when there is no room for the row. The parts of a `Row`, for an object of each would cost as much again. */
  add(kind: number, mode: number, rdev: number, state: FileState, texts: Texts): boolean {
    if (this.#end + rowBytes(texts) > this.#bytes.length) return false;
    const [words, floats] = [this.#end / 4, this.#end / 8];
    this.#words[words] = kind;
    this.#floats[floats + 2] = mode;
    this.#floats[floats + 3] = rdev;
    this.#floats[floats + 4] = state.sizeBytes;
    this.#floats[floats + 5] = state.ino;
    this.#longs[floats + 6] = state.mtimeNs;
    this.#longs[floats + 7] = state.ctimeNs;
    let end = this.#end + NUMBERS_BYTES;
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index];
      if (text === undefined) continue;
      this.#words[words + 1 + index] = text.length + 1;
      for (let at = 0; at < text.length; at++) this.#bytes[end++] = text.charCodeAt(at);
    }
    this.#end = roundUp(end);
    return true;
  }

  *rows(): Generator<Row> {
    for (let at = 0; at < this.#end; ) {
      const [words, floats] = [at / 4, at / 8];
      let end = at + NUMBERS_BYTES;
      const text = (word: number): string | undefined => {
        const length = this.#words[words + word]!;
        if (length === 0) return undefined;
        end += length - 1;
        return this.#bytes.toString("latin1", end - length + 1, end);
      };
      yield {
        kind: this.#words[words]!,
        mode: this.#floats[floats + 2]!,
        rdev: this.#floats[floats + 3]!,
        state: {
          sizeBytes: this.#floats[floats + 4]!,
          ino: this.#floats[floats + 5]!,
          mtimeNs: this.#longs[floats + 6]!,
          ctimeNs: this.#longs[floats + 7]!,
        },
        texts: [text(1)!, text(2), text(3)],
      };
      at = roundUp(end);
    }
  }
}

/** What a row with these texts takes. */
export function rowBytes([first, second, third]: Texts): number {
  return roundUp(NUMBERS_BYTES + first.length + (second?.length ?? 0) + (third?.length ?? 0));
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
