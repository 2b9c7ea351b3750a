/** Bytes of text kept per step; BuildKit clips a step's log at the same size. */
const limitChars = 2 * 1024 * 1024;

export interface LogLine {
  readonly timeMs: number;
  readonly text: string;
}

/** The output of one step, cut into lines. A line without its end is held back until the end comes or the step completes. */
export class LogLines {
  readonly #partial = new Map<1 | 2, LogLine>();
  #lines: LogLine[] = [];
  #chars = 0;
  #isClipped = false;

  /** Complete lines, oldest first; of an endless log only the newest. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  get isClipped(): boolean {
    return this.#isClipped;
  }

  /** Returns the lines that `text` completed. */
  append(stream: 1 | 2, text: string, timeMs: number): readonly LogLine[] {
    const parts = text.split("\n");
    const completed = parts.slice(0, -1).map((part) => this.#take(stream, part, timeMs));
    const rest = parts.at(-1)!;
    if (rest !== "") this.#hold(stream, rest, timeMs);
    return this.#keep(completed);
  }

  /** Completes lines that have no end yet. */
  flush(): readonly LogLine[] {
    const completed = [...this.#partial.values()];
    this.#partial.clear();
    return this.#keep(completed);
  }

  #take(stream: 1 | 2, part: string, timeMs: number): LogLine {
    const held = this.#partial.get(stream);
    this.#partial.delete(stream);
    return held ? { timeMs: held.timeMs, text: held.text + part } : { timeMs, text: part };
  }

  #hold(stream: 1 | 2, text: string, timeMs: number): void {
    const held = this.#partial.get(stream);
    const whole = (held?.text ?? "") + text;
    // A line that never ends, e.g. a progress bar drawn with carriage returns: only its end can matter.
    const kept = whole.length > limitChars / 16 ? whole.slice(-limitChars / 32) : whole;
    this.#partial.set(stream, { timeMs: held?.timeMs ?? timeMs, text: kept });
  }

  #keep(lines: readonly LogLine[]): readonly LogLine[] {
    for (const line of lines) {
      this.#lines.push(line);
      this.#chars += line.text.length + 1;
    }
    if (this.#chars > limitChars) this.#clip();
    return lines;
  }

  /** Drops the older half, so that clipping costs little per line. */
  #clip(): void {
    let start = 0;
    while (this.#chars > limitChars / 2 && start < this.#lines.length - 1) {
      this.#chars -= this.#lines[start++]!.text.length + 1;
    }
    this.#lines = this.#lines.slice(start);
    this.#isClipped = true;
  }
}
