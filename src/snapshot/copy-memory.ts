import {
  readStatIndex,
  StatIndex,
  toBytes,
  type TreePath,
  type TreeStat,
  writeStatIndex,
} from "../tree/index.ts";
import type { NumericOwner } from "./file-owner.ts";

/** A layer that the same actions made before, when their sources were otherwise. */
export interface EarlierLayer {
  /** Absolute directory of its files. */
  readonly directory: string;
  /** What `FileActionsOptions.indexFile` was then; it need not be there. */
  readonly indexFile: string;
}

/** Remembers of which file, in which state, each file of a layer was copied, so that the next copy of an unchanged file may share
 * it. A file that was changed, by whatever means, has other times. */
export class CopyMemory {
  readonly #earlier: StatIndex | undefined;
  /** Apart, for nothing of it is in the earlier layer. */
  readonly #current = new StatIndex();
  /** Root of the earlier layer, in latin1. */
  readonly earlierBytes: string;
  #count = 0;

  constructor(earlier: EarlierLayer | undefined) {
    this.#earlier = earlier && readStatIndex(earlier.indexFile);
    this.earlierBytes = toBytes(earlier?.directory ?? "");
  }

  /** Digest of the file that an earlier copy of the same source made at `target`; remembered from now on.
   * @param source what the source is now
   * @param changes what the copy changes of it, see `describeChanges` */
  find(target: TreePath, source: TreeStat, changes: string): string | undefined {
    const digest = this.#earlier?.find(changes + target, source);
    if (digest !== undefined) this.#count++;
    return digest;
  }

  /** @param copied.readAtMs a time before the bytes were read */
  add(
    target: TreePath,
    source: TreeStat,
    copied: { changes: string; digest: string; readAtMs: number },
  ): void {
    this.#count++;
    this.#current.add(copied.changes + target, source, copied.digest, copied.readAtMs);
  }

  /** Keeps what was remembered, if it is worth it. */
  save(indexFile: string): void {
    if (this.#count < WORTH_IT) return;
    this.#earlier?.replaceUnused(this.#current);
    writeStatIndex(indexFile, this.#earlier ?? this.#current);
  }
}

/** Copying so few files again costs less than looking whether it has to be. */
const WORTH_IT = 50;

/** What a copy changes of its sources, in short. */
export function describeChanges(owner: NumericOwner | undefined, mode: string | undefined): string {
  return owner || mode !== undefined ? `${owner?.uid ?? ""}:${owner?.gid ?? ""}:${mode ?? ""}:` : "";
}
