import { closeSync, openSync, writeFileSync } from "node:fs";

/** Writes what a layer's files were copied of to a file, which is made when there is something to write. */
export class SelectionWriter implements Disposable {
  readonly #file: string;
  #fd: number | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  get isEmpty(): boolean {
    return this.#fd === undefined;
  }

  /** @param text in latin1 */
  write(text: string): void {
    this.#fd ??= openSync(this.#file, "wx", 0o666);
    writeFileSync(this.#fd, text, "latin1");
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}
