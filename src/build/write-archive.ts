import path from "node:path";
import type { NamedImage } from "../exporter/index.ts";
import {
  type AssembledAttestations,
  assembleImage,
  assembleIndex,
  isIndex,
  shownImage,
  type StoredRecord,
} from "../image/index.ts";
import type { Descriptor, Digest } from "../oci/index.ts";
import type { StepEngine } from "./step-engine.ts";

export interface ArchiveOutput {
  readonly format: "oci" | "docker";
  /** File, or `-` for standard output, or the directory of a layout. */
  readonly dest: string;
  /** Into a directory, which may be a layout already. */
  readonly isLayout?: boolean;
}

/** What an image is known by in an archive. */
export interface WrittenImage {
  /** Absent for an image for several platforms. */
  readonly configDigest?: Digest;
  /** Manifest or index. */
  readonly manifest: Descriptor;
}

/** Writes images as one archive for other tools. A file appears whole.
 * @returns the images, in order
 * @throws the engine's signal's reason, what `exportArchive` throws */
export async function writeArchive(
  images: readonly { readonly record: StoredRecord; readonly names: readonly string[] }[],
  output: ArchiveOutput,
  steps: StepEngine,
): Promise<readonly WrittenImage[]> {
  const { store, signal } = steps;
  const { exportArchive, exportLayout } = await import("../exporter/index.ts");
  const named: NamedImage[] = [];
  for (const { record, names } of images) named.push({ ...(await assembleRecord(record, steps)), names });
  if (output.isLayout) await exportLayout(store, named, { dest: path.resolve(output.dest), signal });
  else {
    const dest = output.dest === "-" ? process.stdout : path.resolve(output.dest);
    await exportArchive(store, named, { format: output.format, dest, signal });
  }
  return named.map(({ index, images: [first] }) =>
    index ? { manifest: index.descriptor } : { manifest: first!.manifest, configDigest: first!.configDigest },
  );
}

/** An image of the store made complete, as exporters take it. */
export async function assembleRecord(
  record: StoredRecord,
  { store, packer, fetchBlob }: StepEngine,
): Promise<Omit<NamedImage, "names">> {
  const options = { packer, fetchBlob };
  if (!isIndex(record)) {
    return { images: [await assembleImage(store, record, options)], created: record.config.created };
  }
  const { index, images, attestations } = await assembleIndex(store, record, options);
  await fetchAttestations(attestations, { store, fetchBlob });
  const created = record.images.flatMap(({ image }) => image.config.created ?? []).sort();
  const shown = record.images.findIndex(({ image }) => image === shownImage(store, record));
  const [first] = images.slice(shown, shown + 1);
  return {
    index,
    images: [first!, ...images.filter((image) => image !== first)],
    attestations,
    created: created.at(-1),
  };
}

/** Those of a registry's image are still there. */
async function fetchAttestations(
  attestations: readonly AssembledAttestations[],
  { store, fetchBlob }: Pick<StepEngine, "store" | "fetchBlob">,
): Promise<void> {
  for (const { blobs, reference } of attestations) {
    for (const blob of blobs) {
      if (reference !== undefined && !store.content.touch(blob.digest, blob.size))
        await fetchBlob(reference, blob);
    }
  }
}
