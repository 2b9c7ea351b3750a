import { createHash } from "node:crypto";
import {
  type DigestedEntry,
  type FileState,
  type FileType,
  joinTreePath,
  type SelectedEntry,
  type SourceWalk,
  type TreePath,
} from "../tree/index.ts";
import { type Row, RowChunk, rowBytes, type Texts } from "./row-chunk.ts";

export interface RecordedSource extends Pick<SourceWalk, "match" | "isContentsOnly"> {
  readonly kind: "source";
}

export interface RecordedEntry extends DigestedEntry {
  readonly kind: "entry";
  readonly path: TreePath;
  readonly stat: DigestedEntry["stat"] & FileState;
}

/** What a walk over a build context found, whose files belong to 0:0 and have no extended attributes: all that the content digest is
 * made of, but for the bytes of files, and the state of each file, by which a stat index knows its bytes. It is kept as bytes, so that a
 * large context leaves no objects behind. */
export class SelectionRecord {
  readonly #chunks: RowChunk[] = [];
  #last: RowChunk | undefined;
  #count = 0;

  /** So many entries and sources were added. */
  get count(): number {
    return this.#count;
  }

  /** The entries that follow are of this source. */
  addSource({ match, path, isContentsOnly }: SourceWalk): void {
    this.#add(SOURCE, isContentsOnly ? 1 : 0, 0, NO_FILE, [match, path, undefined]);
  }

  addEntry({ name, stat, linkTarget, hardLinkTo }: SelectedEntry): void {
    // of what is no file, nothing but its name, type and mode counts; a directory's time says nothing of what is selected in it
    const rdev = stat.type === "device" ? stat.rdev : 0;
    const state = stat.type === "file" ? stat : NO_FILE;
    this.#add(kindOf(stat), stat.mode, rdev, state, [name, linkTarget, hardLinkTo]);
  }

  #add(kind: number, mode: number, rdev: number, state: FileState, texts: Texts): void {
    this.#count++;
    if (this.#last?.add(kind, mode, rdev, state, texts)) return;
    const usual = Math.min(FIRST_CHUNK_BYTES * 2 ** this.#chunks.length, MOST_CHUNK_BYTES);
    this.#last = new RowChunk(Math.max(usual, rowBytes(texts)));
    this.#last.add(kind, mode, rdev, state, texts);
    this.#chunks.push(this.#last);
  }

  /** sha256 of everything that is recorded: two records with the same fingerprint have the same content digest, as long as the state
   * of a file stands for its bytes. */
  fingerprint(): Buffer {
    const hash = createHash("sha256");
    for (const chunk of this.#chunks) hash.update(chunk.bytes);
    return hash.digest();
  }

  /** What was added, in its order. */
  *[Symbol.iterator](): Generator<RecordedSource | RecordedEntry> {
    let directory: TreePath = "/";
    for (const chunk of this.#chunks) {
      for (const row of chunk.rows()) {
        if (row.kind !== SOURCE) yield toEntry(row, directory);
        else {
          directory = row.texts[1]!;
          yield { kind: "source", match: row.texts[0], isContentsOnly: row.mode === 1 };
        }
      }
    }
  }
}

const FIRST_CHUNK_BYTES = 4 * 1024;
const MOST_CHUNK_BYTES = 256 * 1024;

const NO_FILE = { sizeBytes: 0, ino: 0, mtimeNs: 0n, ctimeNs: 0n };

const TYPES: readonly FileType[] = ["file", "directory", "symlink", "device", "fifo", "socket"];
const BLOCK_DEVICE = TYPES.length;
const SOURCE = TYPES.length + 1;

function kindOf({ type, isBlock }: SelectedEntry["stat"]): number {
  return type === "device" && isBlock ? BLOCK_DEVICE : TYPES.indexOf(type);
}

function toEntry(row: Row, source: TreePath): RecordedEntry {
  const { kind, mode, rdev, state, texts } = row;
  const [name, linkTarget, hardLinkTo] = texts;
  const isBlock = kind === BLOCK_DEVICE;
  const type = isBlock ? "device" : TYPES[kind]!;
  return {
    kind: "entry",
    path: name === "" ? source : joinTreePath(source, name),
    name,
    stat: { type, mode, uid: 0, gid: 0, rdev, isBlock, ...state },
    xattrs: [],
    ...(linkTarget !== undefined && { linkTarget }),
    ...(hardLinkTo !== undefined && { hardLinkTo }),
  };
}
