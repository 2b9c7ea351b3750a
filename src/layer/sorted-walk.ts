import { joinPath } from "./tar-path.ts";

/** Visits a tree without recursion: names of one directory in byte order, what is in a directory right after it. */
export class SortedWalk {
  readonly #readdir: (directory: string) => readonly string[];
  /** Names still to visit, the next one last. */
  readonly #open: { readonly directory: string; readonly names: string[] }[] = [];

  /** @param readdir names in a directory, as bytes (latin1); the root is the empty string */
  constructor(readdir: (directory: string) => readonly string[]) {
    this.#readdir = readdir;
    this.enter("");
  }

  /** The next path; call `enter` with it if it is a directory to go into. */
  next(): { readonly directory: string; readonly name: string; readonly path: string } | undefined {
    for (let top = this.#open.at(-1); top; top = this.#open.at(-1)) {
      const name = top.names.pop();
      if (name !== undefined) return { directory: top.directory, name, path: joinPath(top.directory, name) };
      this.#open.pop();
    }
    return undefined;
  }

  enter(directory: string): void {
    this.#open.push({ directory, names: [...this.#readdir(directory)].sort().toReversed() });
  }
}
