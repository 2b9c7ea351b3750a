import type { PackEntry } from "./pack-entry.ts";
import { plainEntry } from "./tar-entry.ts";

/** The entries of a tree moved into a directory, which is written first: as BuildKit does it, of 0:0, with mode 755 and no time.
 * @param directory a plain name */
export function* entriesBelow(directory: string, entries: Iterable<PackEntry>): Generator<PackEntry, void> {
  yield { entry: plainEntry({ path: `${directory}/`, type: "directory", mode: 0o755 }) };
  for (const { entry, ...rest } of entries) {
    const linkPath = entry.type === "hardlink" ? `${directory}/${entry.linkPath}` : entry.linkPath;
    yield { ...rest, entry: { ...entry, path: `${directory}/${entry.path}`, linkPath } };
  }
}
