import { closeSync, openSync } from "node:fs";
import { PassThrough } from "node:stream";
import {
  descriptorSink,
  type OpaqueXattr,
  entriesBelow,
  type PackEntry,
  packTar,
  setEntryTimes,
  treeEntries,
  unpackTar,
} from "../layer/index.ts";
import type { LayerTimes } from "../oci/index.ts";
import { LayersTree } from "../snapshot/index.ts";
import { makeDirectory } from "../util/index.ts";
import { checkOverlap, type ExportedTree, removeOthers } from "./exported-names.ts";

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

/** Writes the flattened trees into a directory, which may hold something. As BuildKit's local exporter does it, everything belongs to
 * the caller, who is 0:0 here. */
export async function exportDirectory({
  trees,
  dest,
  opaqueXattr,
  times,
  isMirror,
}: ExportRequest): Promise<{ sizeBytes: number }> {
  makeDirectory(dest);
  checkOverlap(trees);
  const pipe = new PassThrough({ highWaterMark: 1 << 20 });
  const packed = packInto(pipe, setEntryTimes(allEntries(trees), times));
  const unpacked = unpackTar(pipe, dest, { form: "files", opaqueXattr, owner: { uid: 0, gid: 0 } });
  const [packing, unpacking] = await Promise.allSettled([packed, unpacked.finally(() => pipe.destroy())]);
  // When one side fails, so does the other; a failure to pack is what the unpacking side reports.
  if (unpacking.status === "rejected") throw unpacking.reason;
  if (packing.status === "rejected") throw packing.reason;
  if (isMirror) removeOthers(dest, trees);
  return { sizeBytes: unpacking.value.sizeBytes };
}

function* allEntries(trees: readonly ExportedTree[]): Generator<PackEntry, void> {
  for (const { lowers, directory } of trees) {
    const entries = treeEntries(new LayersTree(lowers));
    if (directory === undefined) yield* entries;
    else yield* entriesBelow(directory, entries);
  }
}

async function packInto(pipe: PassThrough, entries: Iterable<PackEntry>): Promise<void> {
  try {
    await packTar(entries, { write: (chunk) => write(pipe, Buffer.from(chunk)) });
    pipe.end();
  } catch (error) {
    pipe.destroy(error as Error);
    throw error;
  }
}

function write(pipe: PassThrough, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => pipe.write(chunk, (error) => (error ? reject(error) : resolve())));
}
