/** The smallest terminal that the live region needs: text, newline, carriage return, cursor up, erase, cursor visibility.
 * Test support; anything else it is told is an error. */
export class VirtualScreen {
  readonly isTTY = true;
  columns: number;
  rows: number;
  isCursorVisible = true;
  bytesWritten = 0;
  #lines: string[] = [""];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Everything written so far, history included, without trailing spaces. */
  get text(): string {
    return this.#lines.map((line) => line.trimEnd()).join("\n");
  }

  /** Changes the width; lines that no longer fit are wrapped, as terminals do. */
  resize(columns: number): void {
    const wrapped = this.#lines.map((line) => line.match(new RegExp(`.{1,${columns}}`, "g")) ?? [""]);
    this.#row = wrapped.slice(0, this.#row).flat().length;
    this.#lines = wrapped.flat();
    this.columns = columns;
  }

  write(text: string): void {
    this.bytesWritten += text.length;
    const tokens = text.matchAll(/\u001b\[(\??)(\d*)([A-Za-z])|\n|\r|[^\u001b\n\r]/gu);
    for (const token of tokens) this.#apply(token);
  }

  #apply([whole, isPrivate, number, command]: RegExpExecArray): void {
    if (whole === "\n") this.#newline();
    else if (whole === "\r") this.#column = 0;
    else if (command === undefined) this.#put(whole);
    else if (isPrivate) this.#mode(Number(number), command);
    else if (command === "A") this.#row = Math.max(this.#top, this.#row - Number(number));
    else if (command === "K") this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column);
    else if (command === "J") this.#eraseBelow();
    else if (command !== "m") throw new Error(`The screen does not know ${JSON.stringify(whole)}`);
  }

  get #top(): number {
    return Math.max(0, this.#lines.length - this.rows);
  }

  #newline(): void {
    this.#row++;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push("");
  }

  #put(character: string): void {
    if (this.#column >= this.columns) this.#newline();
    const line = this.#lines[this.#row]!.padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column++;
  }

  #mode(mode: number, command: string): void {
    if (mode === 25) this.isCursorVisible = command === "h";
  }

  #eraseBelow(): void {
    this.#lines.length = this.#row + 1;
    this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column);
  }
}
