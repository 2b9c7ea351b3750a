import { type PackEntry, setEntryTimes, TreeUnpacker } from "../layer/index.ts";
import type { CopyHelpers } from "../snapshot/index.ts";
import { FileCopies } from "../snapshot/index.ts";
import { makeDirectory } from "../util/index.ts";
import { checkOverlap, removeOthers } from "./exported-names.ts";
import { allEntries, type ExportRequest } from "./export-tree.ts";

export interface ExportEnvironment {
  /** Of the store, below which all layers are; free of links. */
  readonly storeRoot: string;
  readonly helpers: CopyHelpers;
}

/** Writes the flattened trees into a directory, which may hold something. As BuildKit's local exporter does it, everything belongs to
 * the caller, who is 0:0 here. Files are copies, never links to what the store holds.
 * @throws {LayerError} | {FileActionError} | {WorkerError} `INVALID_DEST` */
export async function exportDirectory(
  { trees, dest, opaqueXattr, times, isMirror }: ExportRequest,
  { storeRoot, helpers }: ExportEnvironment,
): Promise<{ sizeBytes: number }> {
  makeDirectory(dest);
  checkOverlap(trees);
  const root = Buffer.from(dest).toString("latin1");
  const owner = { uid: 0, gid: 0 };
  const limits = { unpackedBytes: Infinity, entries: Infinity };
  const tree = new TreeUnpacker(root, { hasWhiteouts: false, opaqueXattr, owner, limits });
  await using files = new FileCopies(storeRoot, root, helpers);
  for (const packed of setEntryTimes(allEntries(trees), times)) {
    const { entry } = packed;
    if (entry.type === "file") {
      const target = tree.prepareFile(entry);
      await files.add({ ...metadataOf(packed), ...owner, path: sourceOf(packed, storeRoot), target });
      continue;
    }
    if (entry.type === "hardlink") await files.finish(); // what it links to is there only then
    tree.entry(entry);
  }
  await files.finish();
  tree.finish();
  if (isMirror) removeOthers(dest, trees);
  return { sizeBytes: tree.sizeBytes };
}

function metadataOf({ entry: { mode, mtimeNs, xattrs, sizeBytes } }: PackEntry) {
  return { mode, mtimeNs, xattrs, sizeBytes };
}

/** Where the bytes are, seen from the store's root. */
function sourceOf({ file }: PackEntry, storeRoot: string): string {
  const path = Buffer.from(file!).toString("latin1");
  const prefix = `${Buffer.from(storeRoot).toString("latin1")}/`;
  if (!path.startsWith(prefix)) throw new Error("Internal error: a file to export is not in the store");
  return path.slice(prefix.length - 1);
}
