import { createHash } from "node:crypto";
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
  describe: (text: string) => void = () => {},
): string {
  const hash = createHash("sha256");
  for (const source of sources) {
    describe(`source\0${source.match}\n`);
    hash.update(`source\0${source.isContentsOnly ? "" : baseName(source.match)}\n`, "latin1");
    let lines = "";
    for (const entry of source.entries) {
      lines += entryLine(entry, hashFile);
      if (lines.length < 65_536) continue;
      hash.update(lines, "latin1");
      describe(lines);
      lines = "";
    }
    hash.update(lines, "latin1");
    describe(lines);
  }
  return hash.digest("hex");
}

/** A fixed number of fields without NUL, so that no two selections give the same text. */
function entryLine(entry: SelectedEntry, hashFile: (entry: SelectedEntry) => string): string {
  const { stat, name, linkTarget = "", hardLinkTo = "", xattrs } = entry;
  // a socket is copied as an empty file
  const type = stat.type === "socket" ? "file" : stat.type;
  // what a symbolic link's mode is differs between systems, and nobody asks for it
  const mode = stat.type === "symlink" ? 0o777 : stat.mode;
  const device = stat.type === "device" ? `${stat.isBlock ? "b" : "c"}${stat.rdev}` : "";
  const attributes = xattrs.map((xattr) => `${hex(xattr.name)}=${xattr.value.toString("hex")}`).join();
  const content = contentOf(entry, hashFile);
  return `${type}\0${mode}\0${stat.uid}\0${stat.gid}\0${device}\0${name}\0${linkTarget}\0${hardLinkTo}\0${attributes}\0${content}\n`;
}

function contentOf(entry: SelectedEntry, hashFile: (entry: SelectedEntry) => string): string {
  if (entry.stat.type === "socket") return EMPTY_DIGEST;
  if (entry.stat.type !== "file") return "";
  return entry.hardLinkTo === undefined ? hashFile(entry) : "link";
}

const EMPTY_DIGEST = createHash("sha256").digest("hex");

function hex(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}
