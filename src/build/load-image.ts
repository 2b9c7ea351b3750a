import { exportArchive, type NamedImage } from "../exporter/index.ts";
import {
  assembleImage,
  type ImageLayer,
  type ImageRecord,
  isIndex,
  shownImage,
  type StoredRecord,
} from "../image/index.ts";
import { type ContainerEngine, type EngineChoice, type HandedImage, openEngine } from "../loading/index.ts";
import type { Descriptor, Digest } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { reportStep } from "../progress/index.ts";
import type { StepEngine } from "./step-engine.ts";

export interface LoadOptions {
  readonly names: readonly string[];
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
  readonly signal?: AbortSignal | undefined;
}

/** Hands an image to another engine of this machine; of one for several platforms, this machine's. What the engine has already is not
 * moved, and blobs of base images that it does not need are not even fetched.
 * @returns one line for the summary
 * @throws {LoadError} | {ImageError} | {ContentError} */
export async function loadImage(
  record: StoredRecord,
  choice: EngineChoice,
  { names, steps, emit, signal }: LoadOptions,
): Promise<string> {
  const { store, packer, fetchBlob } = steps;
  const engine = openEngine(choice, {
    env: process.env,
    signal,
    newPath: () => store.temp.newPath("archive"),
  });
  const image = forEngine(isIndex(record) ? shownImage(store, record) : record, engine);
  const id = `internal:load:${engine.title}`;
  return await reportStep(emit, { id, name: `loading into ${engine.title}` }, async () => {
    const assembled = await assembleImage(store, image, { packer, fetchBlob, mayLackBlobs: true });
    const handed: HandedImage = {
      configDigest: assembled.configDigest,
      manifestDigest: assembled.manifest.digest,
      layers: assembled.layers.map(({ diffID, blob }) => ({ diffID, digest: blob.digest })),
      names,
    };
    if (await engine.adopt(handed)) return `image in ${engine.title}, which had it already`;
    let sentBytes = 0;
    await engine.load(handed, async (stream, { leftOut = new Set<Digest>(), names: given = names } = {}) => {
      const blobs = assembled.layers.map(({ blob }) => blob);
      await fetchAll(image.layers, blobs, { leftOut, steps, origin: image.origin?.reference });
      const named: NamedImage = { images: [assembled], names: given, created: image.config.created };
      const options = { format: engine.format, dest: stream, leftOut };
      const { sizeBytes } = await exportArchive(store, [named], { ...options, ...(signal && { signal }) });
      sentBytes += sizeBytes;
      emit({
        kind: "vertex-status",
        id,
        timeMs: Date.now(),
        item: "archive",
        current: sentBytes,
        total: sentBytes,
        unit: "bytes",
        isDone: true,
      });
    });
    return `image to ${engine.title}`;
  });
}

/** What is unpacked on this machine at once is not compressed first, unless that made it another image. */
function forEngine(image: ImageRecord, { format }: ContainerEngine): ImageRecord {
  if (image.origin || format === "oci" || image.form?.compression === "estargz") return image;
  return { ...image, form: { ...image.form, compression: "none" } };
}

async function fetchAll(
  layers: readonly ImageLayer[],
  blobs: readonly Descriptor[],
  { leftOut, steps, origin }: { leftOut: ReadonlySet<Digest>; steps: StepEngine; origin: string | undefined },
): Promise<void> {
  for (const [index, layer] of layers.entries()) {
    const blob = blobs[index]!;
    const reference = layer.kind === "blob" ? (layer.reference ?? origin) : undefined;
    if (leftOut.has(blob.digest) || reference === undefined) continue;
    if (steps.store.content.touch(blob.digest, blob.size)) continue;
    await steps.fetchBlob(reference, blob);
  }
}
