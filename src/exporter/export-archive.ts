import type { Writable } from "node:stream";
import type { Store } from "../content/index.ts";
import type { Digest } from "../oci/index.ts";
import { archiveBytes } from "./archive-bytes.ts";
import { type ArchiveFormat, imageFiles, type NamedImage } from "./image-files.ts";
import { writeToFile, writeToStream } from "./write-bytes.ts";

export interface ExportArchiveOptions {
  readonly format: ArchiveFormat;
  /** A file, written whole or not at all, or a stream, which stays open. */
  readonly dest: string | Writable;
  /** Blobs that whoever reads the archive has already. */
  readonly leftOut?: ReadonlySet<Digest>;
  readonly signal?: AbortSignal;
}

/** Writes images as one tar. Their blobs must be in the content store (`assembleImage`) and are verified on the way. Equal images
 * and names give equal bytes.
 * @throws {ExporterError} `INVALID_DEST` | `NO_SPACE`
 * @throws {ContentError} `BLOB_NOT_FOUND` | `DIGEST_MISMATCH`
 * @throws the signal's reason, the stream's error */
export async function exportArchive(
  store: Store,
  images: readonly NamedImage[],
  { format, dest, leftOut, signal }: ExportArchiveOptions,
): Promise<{ sizeBytes: number }> {
  const bytes = archiveBytes(store.content, imageFiles(images, format, leftOut));
  const write =
    typeof dest === "string" ? writeToFile(bytes, dest, signal) : writeToStream(bytes, dest, signal);
  return { sizeBytes: await write };
}
