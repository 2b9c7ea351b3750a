import type { ImageLayer, ImageRecord } from "../image/index.ts";
import { familiarReference, parseReference, type Platform } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { normaliseTag } from "./normalise-tag.ts";
import { reportBlobs, reportStep } from "../progress/index.ts";
import type { StepEngine } from "./step-engine.ts";

export interface PullOptions {
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
  /** Of the image; default: this machine's. */
  readonly platform?: Platform | undefined;
}

/** Brings an image into the store, layers included, so that no network is needed afterwards. What the store has is not fetched
 * again; with the engine's `pull`, the registry is asked whether the name points elsewhere now.
 * @throws {RegistryError} | {ContentError} */
export async function pullImage(name: string, { steps, emit, platform }: PullOptions): Promise<ImageRecord> {
  const reference = normaliseTag(name);
  const record = await steps.resolver.resolve(reference, platform && { platform });
  const missing = record.layers.filter(
    (layer) => layer.kind === "blob" && !steps.store.content.touch(layer.blob.digest, layer.blob.size),
  );
  if (missing.length > 0) await fetchLayers(reference, missing, { steps, emit });
  return record;
}

async function fetchLayers(
  reference: string,
  layers: readonly ImageLayer[],
  { steps, emit }: { readonly steps: StepEngine; readonly emit: EmitEvent },
): Promise<void> {
  const id = `internal:pull:${reference}`;
  const step = { id, name: `pull ${familiarReference(parseReference(reference))}` };
  await reportStep(emit, step, () =>
    Promise.all(layers.map((layer) => fetchLayer(layer, { id, reference, steps, emit }))),
  );
}

interface LayerFetch {
  readonly id: string;
  readonly reference: string;
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
}

async function fetchLayer(layer: ImageLayer, { id, reference, steps, emit }: LayerFetch): Promise<void> {
  if (layer.kind !== "blob") return;
  const { blob } = layer;
  const report = reportBlobs(emit, id);
  // The last byte is not the end: a layer is verified then.
  await steps.fetchBlob(layer.reference ?? reference, blob, (received) => {
    if (received < blob.size) report(blob, received);
  });
  report(blob, blob.size);
}
