import { lstatSync, readdirSync, rmSync, utimesSync } from "node:fs";
import path from "node:path";
import type { ContentStore, Store } from "../content/index.ts";
import { type Descriptor, encodeIndex, type Index, parseIndex } from "../oci/index.ts";
import { isErrno, makeDirectory, readTextFile, writeFileAtomic } from "../util/index.ts";
import {
  blobPath,
  blobsOf,
  layoutIndex,
  layoutMarker,
  type NamedImage,
  nameListLimitBytes,
} from "./image-files.ts";
import { invalidDest, writeToFile } from "./write-bytes.ts";

/** Writes images into a directory as an OCI layout (`tar=false`). A layout that is there already gets them added; names that
 * it had are moved to the new images. The index is replaced last, so that the layout is valid at every moment.
 * @throws {ExporterError} `INVALID_DEST` when the directory holds something else | `NO_SPACE`
 * @throws {ContentError} `BLOB_NOT_FOUND` | `DIGEST_MISMATCH`
 * @throws the signal's reason */
export async function exportLayout(
  store: Store,
  images: readonly NamedImage[],
  { dest, signal }: { readonly dest: string; readonly signal?: AbortSignal },
): Promise<{ sizeBytes: number }> {
  const known = readLayout(dest);
  makeBlobDirectory(dest);
  const blobs = new Map(images.flatMap(blobsOf).map((blob) => [blob.digest, blob]));
  let sizeBytes = 0;
  for (const blob of blobs.values()) {
    await copyBlob(store.content, blob, { dest, signal });
    sizeBytes += blob.size;
  }
  const added = layoutIndex(images);
  writeFileAtomic(path.join(dest, "index.json"), encodeIndex(merge(known, added), 0));
  writeFileAtomic(path.join(dest, "oci-layout"), layoutMarker);
  return { sizeBytes };
}

/** The index of the layout in `dest`; undefined for a directory that is absent or empty. */
function readLayout(dest: string): Index | undefined {
  const names = listDirectory(dest);
  if (names.length === 0) return undefined;
  if (!names.includes("oci-layout") && !isUnfinished(names)) {
    throw invalidDest(dest, "the directory is not empty, and no OCI layout");
  }
  const file = path.join(dest, "index.json");
  try {
    const text = readTextFile(file, { limitBytes: nameListLimitBytes, isFound: true });
    if (text !== undefined) return parseIndex(text);
    throw new Error(`it has more than ${nameListLimitBytes} bytes`);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw invalidDest(dest, "its index.json cannot be read", error);
  }
}

/** Is this what an export that was cut off leaves? */
function isUnfinished(names: readonly string[]): boolean {
  return names.every((name) => name === "blobs" || name === "index.json" || name.startsWith("."));
}

function listDirectory(dest: string): readonly string[] {
  try {
    return readdirSync(dest);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw invalidDest(dest, isErrno(error, "ENOTDIR") ? "it is no directory" : String(error), error);
  }
}

function makeBlobDirectory(dest: string): void {
  try {
    makeDirectory(path.join(dest, "blobs/sha256"));
  } catch (error) {
    throw invalidDest(dest, error instanceof Error ? error.message : String(error), error);
  }
}

async function copyBlob(
  content: ContentStore,
  blob: Descriptor,
  { dest, signal }: { dest: string; signal: AbortSignal | undefined },
): Promise<void> {
  const file = path.join(dest, blobPath(blob.digest));
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() && stat.size === blob.size) {
    const now = new Date();
    return utimesSync(file, now, now); // for dropUnnamedBlobs: it is about to be named
  }
  // Whoever made the layout does not choose what is written to: a link, a pipe.
  if (stat && !stat.isFile() && !stat.isDirectory()) rmSync(file, { force: true });
  await writeToFile(content.stream(blob.digest, blob.size), file, signal);
}

/** What is added wins over descriptors of the same name, and over the same image without a name. */
function merge(known: Index | undefined, added: Index): Index {
  const key = ({ digest, annotations }: Descriptor) =>
    annotations?.["io.containerd.image.name"] ?? annotations?.["org.opencontainers.image.ref.name"] ?? digest;
  const keys = new Set(added.manifests.map(key));
  const kept = known?.manifests.filter((descriptor) => !keys.has(key(descriptor))) ?? [];
  return { ...added, ...known, manifests: [...kept, ...added.manifests] };
}
