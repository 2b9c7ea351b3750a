import path from "node:path";
import { type AssembledImage, assembleImage, type ImageRecord } from "../image/index.ts";
import type { LayerCompression } from "../oci/index.ts";
import type { StepEngine } from "./step-engine.ts";

export interface ArchiveOutput {
  readonly format: "oci" | "docker";
  /** File, or `-` for standard output. */
  readonly dest: string;
  readonly compression?: LayerCompression | undefined;
  readonly level?: number | undefined;
}

/** Writes images as one archive for other tools. A file appears whole.
 * @returns the images, in order */
export async function writeArchive(
  images: readonly { readonly record: ImageRecord; readonly names: readonly string[] }[],
  output: ArchiveOutput,
  steps: StepEngine,
): Promise<readonly AssembledImage[]> {
  const { exportArchive } = await import("../exporter/index.ts");
  const { compression = "gzip", level, format } = output;
  const named = [];
  for (const { record, names } of images) {
    const image = await assembleImage(steps.store, record, {
      packer: steps.packer,
      form: { compression, ...(level !== undefined && { level }) },
      fetchBlob: (reference, blob) => steps.fetchBlob(reference, blob),
    });
    named.push({ image, names, created: record.config.created });
  }
  const dest = output.dest === "-" ? process.stdout : path.resolve(output.dest);
  await exportArchive(steps.store, named, { format, dest });
  return named.map(({ image }) => image);
}
