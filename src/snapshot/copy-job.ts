import type { SelectedEntry } from "../tree/index.ts";
import type { Creator, FileCopy } from "./copy-file.ts";
import type { CopyMemory } from "./copy-memory.ts";
import type { CopyHelpers } from "./copy-helpers.ts";
import type { ModeChange } from "./file-mode.ts";
import type { NumericOwner } from "./file-owner.ts";
import type { LayerDigests } from "./layer-digests.ts";
import type { NewLayer } from "./new-layer.ts";
import type { OpenSource } from "./source-tree.ts";

/** Everything that one copy needs to know. */
export interface CopyJob {
  readonly layer: NewLayer;
  readonly source: OpenSource;
  readonly owner: NumericOwner | undefined;
  readonly mode: ModeChange | undefined;
  readonly digests: LayerDigests;
  /** Inodes of sources that already share a file with the new layer: a second share would be a hard link that the source
   * does not have. */
  readonly shared: Set<number>;
  readonly creator: Creator;
  readonly memory: CopyMemory;
  /** What the copy changes of its files, as `CopyMemory` wants it. */
  readonly changes: string;
  readonly helpers: CopyHelpers | undefined;
}

export function ownerOf({ owner }: CopyJob, { stat }: SelectedEntry): NumericOwner {
  return owner ?? { uid: stat.uid, gid: stat.gid };
}

export function modeOf({ mode }: CopyJob, { stat }: SelectedEntry): number {
  return mode ? mode.apply(stat.mode, stat.type === "directory") : stat.mode;
}

/** What a copy makes of a regular file; of a socket, an empty one. */
export function fileCopyOf(job: CopyJob, entry: SelectedEntry): FileCopy {
  const { uid, gid } = ownerOf(job, entry);
  const { stat, xattrs } = entry;
  const sizeBytes = stat.type === "socket" ? 0 : stat.sizeBytes;
  return { mode: modeOf(job, entry), uid, gid, mtimeNs: stat.mtimeNs, xattrs, sizeBytes };
}
