import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { hostBytes, joinTreePath, type TreePath } from "../tree/index.ts";

/** Where a pattern was found. */
export interface FoundBytes {
  readonly path: TreePath;
  /** Index of the pattern. */
  readonly pattern: number;
}

const chunkBytes = 1 << 20;

/** Looks for byte strings in the files, link targets and names below a layer directory, each inode once. Memory is bounded by the
 * chunk and the longest pattern.
 * @param limit stop after this many files
 * @returns each file with the first pattern that it holds, in the order of names */
export function findBytes(
  directory: string,
  patterns: readonly Buffer[],
  { limit }: { readonly limit: number },
): readonly FoundBytes[] {
  const longest = Math.max(0, ...patterns.map(({ length }) => length));
  if (longest === 0) return [];
  const search = new Search(patterns, longest);
  const found: FoundBytes[] = [];
  for (const path of pathsBelow(directory, "/")) {
    const pattern = search.inFile(hostBytes(directory + path), path);
    if (pattern >= 0) found.push({ path, pattern });
    if (found.length >= limit) break;
  }
  return found;
}

/** @param directory a byte string, as are all paths here */
function* pathsBelow(directory: string, path: TreePath): Generator<TreePath> {
  const names = readdirSync(hostBytes(directory + path), { encoding: "latin1", withFileTypes: true });
  for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = joinTreePath(path, entry.name);
    yield child;
    if (entry.isDirectory()) yield* pathsBelow(directory, child);
  }
}

class Search {
  readonly #patterns: readonly Buffer[];
  readonly #overlapBytes: number;
  readonly #buffer: Buffer;
  readonly #seen = new Set<string>();

  constructor(patterns: readonly Buffer[], longest: number) {
    this.#patterns = patterns;
    this.#overlapBytes = longest - 1;
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(chunkBytes, 2 * longest));
  }

  /** Index of a pattern, or -1. */
  inFile(host: string | Buffer, path: TreePath): number {
    const name = this.#in(Buffer.from(path, "latin1"));
    if (name >= 0) return name;
    const stat = lstatSync(host);
    if (stat.isSymbolicLink()) return this.#in(readlinkSync(host, "buffer"));
    if (!stat.isFile() || stat.size === 0) return -1;
    if (stat.nlink > 1) {
      const inode = `${stat.dev}:${stat.ino}`;
      if (this.#seen.has(inode)) return -1;
      this.#seen.add(inode);
    }
    const fd = openSync(host, "r");
    try {
      return this.#inBytesOf(fd);
    } finally {
      closeSync(fd);
    }
  }

  #inBytesOf(fd: number): number {
    for (let kept = 0; ; ) {
      const length = readSync(fd, this.#buffer, kept, this.#buffer.length - kept, null);
      if (length === 0) return -1;
      const filled = this.#buffer.subarray(0, kept + length);
      const pattern = this.#in(filled);
      if (pattern >= 0) return pattern;
      // What begins at the end of a chunk ends in the next one.
      kept = Math.min(this.#overlapBytes, filled.length);
      this.#buffer.copyWithin(0, filled.length - kept, filled.length);
    }
  }

  #in(bytes: Buffer): number {
    return this.#patterns.findIndex((pattern) => bytes.includes(pattern));
  }
}
