import { closeSync, openSync } from "node:fs";
import {
  descriptorSink,
  type OpaqueXattr,
  entriesBelow,
  type PackEntry,
  packTar,
  setEntryTimes,
  treeEntries,
} from "../layer/index.ts";
import type { LayerTimes } from "../oci/index.ts";
import { LayersTree } from "../snapshot/index.ts";
import { checkOverlap, type ExportedTree } from "./exported-names.ts";

export interface ExportRequest {
  readonly trees: readonly ExportedTree[];
  readonly dest: string;
  readonly opaqueXattr: OpaqueXattr;
  readonly times?: LayerTimes | undefined;
  /** Does a directory hold nothing else afterwards? */
  readonly isMirror: boolean;
}

/** Writes the flattened trees as one tar, with their owners. */
export async function exportTar({ trees, dest, times }: ExportRequest): Promise<{ sizeBytes: number }> {
  checkOverlap(trees);
  const fd = openSync(dest, "w", 0o644);
  try {
    const { tarSizeBytes } = await packTar(setEntryTimes(allEntries(trees), times), descriptorSink(fd));
    return { sizeBytes: tarSizeBytes };
  } finally {
    closeSync(fd);
  }
}

/** What the trees hold, one after the other. */
export function* allEntries(trees: readonly ExportedTree[]): Generator<PackEntry, void> {
  for (const { lowers, directory } of trees) {
    const entries = treeEntries(new LayersTree(lowers));
    if (directory === undefined) yield* entries;
    else yield* entriesBelow(directory, entries);
  }
}
