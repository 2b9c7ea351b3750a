import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { type DiffID, parseDiffID } from "../oci/index.ts";
import type { HostPath } from "../sys/index.ts";
import type { FileTree } from "../tree/index.ts";
import { readUncompressed } from "./decompress.ts";
import { toByteString } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import type { TarSource } from "./read-chunks.ts";
import { removeTree } from "./remove-tree.ts";
import { TarReader } from "./tar-reader.ts";
import { TreeUnpacker } from "./tree-unpacker.ts";
import type { OpaqueXattr } from "./overlay-xattrs.ts";

export interface UnpackOptions {
  /** - `layer`: an OCI layer; whiteouts take overlayfs form
   * - `rootfs`: a whole file system; `.wh.` names are ordinary
   * - `files`: like `rootfs`, into a directory that may hold something (ADD of an archive) */
  readonly form: "layer" | "rootfs" | "files";
  readonly opaqueXattr: OpaqueXattr;
  readonly expectedDiffID?: DiffID | undefined;
  /** What will lie below `targetDir`, seen at the same paths. Links there are followed inside this root, and directories that the
   * archive does not list keep the owner, mode and times that they have there. */
  readonly under?: FileTree | undefined;
  /** Everything belongs to this owner, whatever the archive says. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly limits?: UnpackLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** All unlimited when absent. */
export interface UnpackLimits {
  /** Of the uncompressed archive. */
  readonly tarBytes?: number | undefined;
  /** Of all files, holes of sparse files included. */
  readonly unpackedBytes?: number | undefined;
  readonly entries?: number | undefined;
}

export interface UnpackResult {
  /** Hash of all uncompressed bytes, those after the end of the archive too. */
  readonly diffID: DiffID;
  readonly tarSizeBytes: number;
  /** Sum of the sizes of regular files, each inode once. */
  readonly sizeBytes: number;
  readonly entries: number;
  /** Device nodes that the kernel refused, and 0:0 devices, which a layer cannot hold. */
  readonly skippedDevices: number;
  /** Attributes that the kernel or the file system refused. */
  readonly skippedXattrs: number;
}

/** Unpacks a tar, compressed or not, into `targetDir`, and hashes it in the same pass. The directory is made when it is missing; but for
 * `files` it must be empty, and is gone when this throws (for `files` the caller discards it). Nothing outside of it is
 * touched: links are resolved inside it, and names that leave it are refused. Attributes of overlayfs and of the host's
 * security policy are never applied.
 * @throws {LayerError} any code but `UNREPRESENTABLE` and `COMPRESSION_FAILED`; the signal's reason when aborted */
export async function unpackTar(
  source: TarSource,
  targetDir: HostPath,
  options: UnpackOptions,
): Promise<UnpackResult> {
  prepareTarget(targetDir, options.form);
  try {
    return await unpackInto(source, targetDir, options);
  } catch (error) {
    if (options.form !== "files") removeTree(toByteString(targetDir));
    throw error;
  }
}

function prepareTarget(targetDir: HostPath, form: UnpackOptions["form"]): void {
  mkdirSync(targetDir, { recursive: true });
  if (form === "files" || readdirSync(targetDir).length === 0) return;
  throw new LayerError(
    "WRITE_FAILED",
    `Cannot unpack into ${JSON.stringify(targetDir.toString())}: it is not empty`,
  );
}

async function unpackInto(
  source: TarSource,
  targetDir: HostPath,
  options: UnpackOptions,
): Promise<UnpackResult> {
  const { form, opaqueXattr, under, owner, limits = {}, expectedDiffID, signal } = options;
  const unpacker = new TreeUnpacker(toByteString(targetDir), {
    hasWhiteouts: form === "layer",
    opaqueXattr,
    under,
    owner,
    limits: { unpackedBytes: limits.unpackedBytes ?? Infinity, entries: limits.entries ?? Infinity },
  });
  try {
    const { diffID, tarSizeBytes } = await readTar(source, unpacker, {
      limitBytes: limits.tarBytes ?? Infinity,
      signal,
    });
    if (expectedDiffID !== undefined && diffID !== expectedDiffID) {
      throw new LayerError(
        "DIFF_ID_MISMATCH",
        `Cannot verify layer: wanted diffID ${expectedDiffID}, got ${diffID}`,
      );
    }
    unpacker.finish();
    const { sizeBytes, entries, skippedDevices, skippedXattrs } = unpacker;
    return { diffID, tarSizeBytes, sizeBytes, entries, skippedDevices, skippedXattrs };
  } finally {
    unpacker.close();
  }
}

async function readTar(
  source: TarSource,
  unpacker: TreeUnpacker,
  { limitBytes, signal }: { limitBytes: number; signal: AbortSignal | undefined },
): Promise<{ diffID: DiffID; tarSizeBytes: number }> {
  const reader = new TarReader(unpacker);
  const hash = createHash("sha256");
  let tarSizeBytes = 0;
  for await (const chunk of readUncompressed(source)) {
    signal?.throwIfAborted();
    tarSizeBytes += chunk.length;
    if (tarSizeBytes > limitBytes) {
      throw new LayerError("LIMIT_EXCEEDED", `Cannot unpack tar: it has more than ${limitBytes} bytes`);
    }
    hash.update(chunk);
    reader.push(chunk);
  }
  reader.end();
  return { diffID: parseDiffID(`sha256:${hash.digest("hex")}`), tarSizeBytes };
}
