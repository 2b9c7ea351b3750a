import { createHash } from "node:crypto";
import type { TreeStat } from "./file-tree.ts";
import type { SelectedEntry, SelectedSource } from "./selection.ts";
import { baseName } from "./tree-path.ts";

/** Content digest (hex sha256) of what a copy action takes: names, types, modes, owners, link targets, device numbers, hard
 * links, extended attributes and bytes; never times. Equal selections give equal digests, whatever tree they come from.
 * @param hashFile hex sha256 of the bytes of a regular file; asked once per file, in the order of the entries, and not for
 *   further hard links of it
 * @param describe told what goes into the digest, piece by piece, and where each source lies: what `selectionChanges` compares */
export function digestSelection(
  sources: readonly SelectedSource[],
  hashFile: (entry: SelectedEntry) => string,
  describe?: (text: string) => void,
): string {
  const digest = new SelectionDigest(describe);
  for (const source of sources) {
    digest.addSource(source);
    for (const entry of source.entries) digest.addEntry(entry, hasBytes(entry) ? hashFile(entry) : "");
  }
  return digest.finish();
}

/** What of an entry counts in the digest. */
export interface DigestedEntry extends Pick<SelectedEntry, "name" | "linkTarget" | "hardLinkTo" | "xattrs"> {
  readonly stat: Pick<TreeStat, "type" | "mode" | "uid" | "gid" | "rdev" | "isBlock">;
}

/** Does an entry have bytes of its own, whose digest counts? */
export function hasBytes({ stat, hardLinkTo }: DigestedEntry): boolean {
  return stat.type === "file" && hardLinkTo === undefined;
}

/** The digest of `digestSelection`, made of one entry after the other; none of them is kept. */
export class SelectionDigest {
  readonly #hash = createHash("sha256");
  readonly #describe: (text: string) => void;
  #lines = "";

  constructor(describe: (text: string) => void = () => {}) {
    this.#describe = describe;
  }

  /** The entries that follow are of this source. */
  addSource({ match, isContentsOnly }: Pick<SelectedSource, "match" | "isContentsOnly">): void {
    this.#flush();
    this.#describe(`source\0${match}\n`);
    this.#hash.update(`source\0${isContentsOnly ? "" : baseName(match)}\n`, "latin1");
  }

  /** @param bytesDigest hex sha256 of the entry's bytes, if it `hasBytes` */
  addEntry(entry: DigestedEntry, bytesDigest: string): void {
    this.#lines += entryLine(entry, bytesDigest);
    if (this.#lines.length >= 65_536) this.#flush();
  }

  finish(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#lines, "latin1");
    this.#describe(this.#lines);
    this.#lines = "";
  }
}

/** A fixed number of fields without NUL, so that no two selections give the same text. */
function entryLine(entry: DigestedEntry, bytesDigest: string): string {
  const { stat, name, linkTarget = "", hardLinkTo = "", xattrs } = entry;
  // a socket is copied as an empty file
  const type = stat.type === "socket" ? "file" : stat.type;
  // what a symbolic link's mode is differs between systems, and nobody asks for it
  const mode = stat.type === "symlink" ? 0o777 : stat.mode;
  const device = stat.type === "device" ? `${stat.isBlock ? "b" : "c"}${stat.rdev}` : "";
  const attributes = xattrs.length === 0 ? "" : attributeText(xattrs);
  const content = contentOf(entry, bytesDigest);
  return `${type}\0${mode}\0${stat.uid}\0${stat.gid}\0${device}\0${name}\0${linkTarget}\0${hardLinkTo}\0${attributes}\0${content}\n`;
}

function attributeText(xattrs: SelectedEntry["xattrs"]): string {
  return xattrs.map((xattr) => `${hex(xattr.name)}=${xattr.value.toString("hex")}`).join();
}

function contentOf(entry: DigestedEntry, bytesDigest: string): string {
  if (entry.stat.type === "socket") return EMPTY_DIGEST;
  if (entry.stat.type !== "file") return "";
  return entry.hardLinkTo === undefined ? bytesDigest : "link";
}

const EMPTY_DIGEST = createHash("sha256").digest("hex");

function hex(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}
