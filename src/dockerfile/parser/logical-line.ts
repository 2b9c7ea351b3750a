import type { SourceRange } from "../../errors/index.ts";

/** The text of one instruction, put together from physical lines; knows where each character came from. */
export class LogicalLine {
  #text = "";
  readonly #segments: { readonly start: number; readonly line: number; readonly column: number }[] = [];

  get text(): string {
    return this.#text;
  }

  /** Appends `text`, which stands in the file from 1-based `column` of `line` on. */
  append(text: string, line: number, column: number): void {
    this.#segments.push({ start: this.#text.length, line, column });
    this.#text += text;
  }

  /** Where the characters from `start` up to, not including, `end` stand; columns count UTF-16 units, and `endColumn` is
   * behind the last character. */
  range(start: number, end: number): SourceRange {
    const first = this.#locate(start);
    const last = end > start ? this.#locate(end - 1) : first;
    return {
      startLine: first.line,
      startColumn: first.column,
      endLine: last.line,
      endColumn: last.column + (end > start ? 1 : 0),
    };
  }

  #locate(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#segments[middle]!.start <= offset) low = middle;
      else high = middle - 1;
    }
    const segment = this.#segments[low];
    if (!segment) return { line: 1, column: 1 };
    return { line: segment.line, column: segment.column + offset - segment.start };
  }
}
