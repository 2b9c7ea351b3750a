import { trimEnd } from "../go-text.ts";

/** One line of the file as it stands there. */
export interface SourceLine {
  /** 1-based. */
  readonly number: number;
  /** Without line ending. */
  readonly text: string;
  /** With line ending, which the last line may lack. */
  readonly raw: string;
}

/** BuildKit reads lines through a buffer of 64 KiB (bufio.MaxScanTokenSize). */
export const maxLineBytes = 65_535;

/** Hands out the lines of a text one after another. */
export class SourceLines {
  readonly #text: string;
  #position = 0;
  #number = 0;
  /** Number of the first line that is too long; reading ends there. */
  tooLong: number | undefined;

  constructor(text: string) {
    this.#text = text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  /** Number of the line handed out last, 0 before the first. */
  get number(): number {
    return this.#number;
  }

  next(): SourceLine | undefined {
    if (this.#position >= this.#text.length || this.tooLong !== undefined) return undefined;
    const newline = this.#text.indexOf("\n", this.#position);
    const end = newline < 0 ? this.#text.length : newline + 1;
    const raw = this.#text.slice(this.#position, end);
    if (isTooLong(raw)) {
      this.tooLong = this.#number + 1;
      return undefined;
    }
    this.#position = end;
    this.#number++;
    return { number: this.#number, text: trimEnd(raw, (char) => char === "\r" || char === "\n"), raw };
  }
}

function isTooLong(raw: string): boolean {
  if (raw.length * 3 <= maxLineBytes) return false;
  return Buffer.byteLength(raw.endsWith("\n") ? raw.slice(0, -1) : raw) > maxLineBytes;
}
