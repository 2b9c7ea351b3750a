import { widthOf } from "../util/index.ts";
import type { ProgressStream } from "./renderer.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const eraseToEndOfLine = "\u001b[K";
const eraseBelow = "\u001b[J";
// Terminals that know synchronized output show a frame at once; others ignore the marks.
const beginFrame = "\u001b[?2026h";
const endFrame = "\u001b[?2026l";

/** Lines at the bottom of a terminal that are drawn again and again; only lines that differ are written. The cursor rests at
 * the start of the row below them. Lines must be free of control characters and narrower than the terminal. */
export class LiveRegion {
  readonly #stream: ProgressStream;
  #lines: readonly string[] = [];
  #columns: number;
  #isCursorHidden = false;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
    this.#columns = this.columns;
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Shows `lines`; `above` are written before them once and stay in the terminal's history. */
  update(lines: readonly string[], above: readonly string[] = []): void {
    const frame = this.#frame(lines, above);
    if (frame === "") return;
    this.#stream.write(beginFrame + (this.#isCursorHidden ? "" : hideCursor) + frame + endFrame);
    this.#isCursorHidden = true;
  }

  /** Removes the region, writes `above` and shows the cursor again. */
  close(above: readonly string[] = []): void {
    const frame = this.#frame([], above);
    if (frame !== "" || this.#isCursorHidden) {
      this.#stream.write(frame + (this.#isCursorHidden ? showCursor : ""));
    }
    this.#isCursorHidden = false;
  }

  #frame(lines: readonly string[], above: readonly string[]): string {
    const isResized = this.#columns !== this.columns;
    const previous = isResized ? [] : this.#lines;
    if (!isResized && above.length === 0 && sameLines(previous, lines)) return "";
    const start = up(this.#height());
    const written = [...above, ...lines];
    const body = written.map((line, row) => (line === previous[row] ? "\n" : `${line}${eraseToEndOfLine}\n`));
    this.#lines = lines;
    this.#columns = this.columns;
    const isShorter = previous.length > written.length;
    return start + (isResized ? eraseBelow : "") + body.join("") + (isShorter ? eraseBelow : "");
  }

  /** Rows that the region takes on the screen now; a terminal that became narrower has wrapped the lines. */
  #height(): number {
    const columns = this.columns;
    if (columns >= this.#columns) return this.#lines.length;
    return this.#lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
  }
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A\r` : "";
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
