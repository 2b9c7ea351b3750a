import type { DiffID, LayerCompression } from "../oci/index.ts";
import type { ByteSink, ExtendedTar } from "./byte-sink.ts";
import { compressingSink } from "./compressing-sink.ts";
import type { PackEntry } from "./pack-entry.ts";
import { tarPadding } from "./tar-entry.ts";
import { TarOutput } from "./tar-output.ts";
import { encodeTarHeader, tarEndBytes } from "./tar-writer.ts";

export interface PackOptions {
  /** Default: `none`. */
  readonly compression?: LayerCompression | undefined;
  /** Default: what the compression itself takes (gzip 6, zstd 3). */
  readonly level?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PackResult {
  /** Hash of the tar, before compression. */
  readonly diffID: DiffID;
  readonly tarSizeBytes: number;
  /** What was written, where the compression adds something to the tar. */
  readonly extended?: ExtendedTar;
}

/** Writes a tar of `entries` to `sink`, compressed if asked for, and hashes it in the same pass. Equal entries give equal bytes, on every
 * machine for `none`, and for gzip and zstd with the same version of their library.
 * @param sink undefined: the tar is only hashed
 * @throws {LayerError} `READ_FAILED` | `COMPRESSION_FAILED` | `UNREPRESENTABLE`; what the sink throws; the signal's reason */
export async function packTar(
  entries: Iterable<PackEntry>,
  sink: ByteSink | undefined,
  { compression = "none", level, signal }: PackOptions = {},
): Promise<PackResult> {
  if (sink === undefined || compression === "none") return await writeTar(entries, sink, signal);
  const compressing = compressingSink(sink, { compression, level });
  try {
    const result = await writeTar(entries, compressing, signal);
    const extended = await compressing.end();
    return { ...result, ...(extended && { extended }) };
  } finally {
    compressing.stop();
  }
}

async function writeTar(
  entries: Iterable<PackEntry>,
  sink: ByteSink | undefined,
  signal: AbortSignal | undefined,
): Promise<PackResult> {
  const output = new TarOutput(sink, signal);
  for (const packed of entries) await writeEntry(output, packed);
  await output.appendZeros(tarEndBytes);
  return await output.end();
}

async function writeEntry(output: TarOutput, { entry, file }: PackEntry): Promise<void> {
  await output.append(encodeTarHeader(entry));
  if (entry.sizeBytes === 0) return;
  if (file === undefined) throw new Error("Internal error: an entry with bytes has no file");
  await output.appendFile(file, entry.sizeBytes);
  await output.appendZeros(tarPadding(entry.sizeBytes));
}
