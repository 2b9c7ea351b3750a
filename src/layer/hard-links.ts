import type { PackEntry } from "./pack-entry.ts";

/** Finds the names of one inode within a tree. A file's own link count means little: files of the store are also linked from
 * other layers. */
export class HardLinks {
  readonly #firstNames = new Map<string, string>();

  /** The entry as it is when its inode (`key`) is new, or as a link to the inode's first name. */
  resolve(packed: PackEntry, { key, nlink }: { key: string; nlink: number }): PackEntry {
    if (nlink < 2) return packed;
    const first = this.#firstNames.get(key);
    if (first !== undefined) {
      return { entry: { ...packed.entry, type: "hardlink", linkPath: first, sizeBytes: 0 } };
    }
    this.#firstNames.set(key, packed.entry.path);
    return packed;
  }
}
