import pc from "picocolors";
import { sanitizeLine } from "../progress/index.ts";

export interface LogPrinterOptions {
  readonly write: (text: string) => void;
  readonly colours: boolean;
  /** Mark each line with its service's name. */
  readonly prefix: boolean;
}

const palette = [
  "cyan",
  "yellow",
  "green",
  "magenta",
  "blue",
  "cyanBright",
  "yellowBright",
  "greenBright",
] as const;

/** Prints the output of several services side by side, whole lines only, each behind `name | `. */
export class LogPrinter {
  readonly #options: LogPrinterOptions;
  readonly #paint: ReturnType<typeof pc.createColors>;
  readonly #names: readonly string[];
  readonly #width: number;
  readonly #partial = new Map<string, string>();

  constructor(names: readonly string[], options: LogPrinterOptions) {
    this.#names = names;
    this.#width = Math.max(0, ...names.map((name) => name.length));
    this.#options = options;
    this.#paint = pc.createColors(options.colours);
  }

  /** Output of a service, in pieces as it came. */
  output(name: string, stream: 1 | 2, text: string): void {
    const key = `${stream} ${name}`;
    const lines = ((this.#partial.get(key) ?? "") + text).split("\n");
    const rest = lines.pop()!;
    // A line that never ends is printed in parts, so that it does not fill the memory.
    if (rest.length > 65_536) lines.push(rest);
    this.#partial.set(key, rest.length > 65_536 ? "" : rest);
    for (const line of lines) this.#print(name, line);
  }

  /** Prints what has no end yet. */
  flush(name: string): void {
    for (const stream of [1, 2]) {
      const key = `${stream} ${name}`;
      const rest = this.#partial.get(key);
      this.#partial.delete(key);
      if (rest) this.#print(name, rest);
    }
  }

  /** A line about a service, not of it. */
  note(text: string): void {
    this.#options.write(`${text}\n`);
  }

  #print(name: string, line: string): void {
    const clean = sanitizeLine(line, { keepColours: this.#options.colours });
    this.#options.write(this.#options.prefix ? `${this.#prefixOf(name)}${clean}\n` : `${clean}\n`);
  }

  #prefixOf(name: string): string {
    const colour = palette[Math.max(0, this.#names.indexOf(name)) % palette.length]!;
    return this.#paint[colour](`${name.padEnd(this.#width)} | `);
  }
}
