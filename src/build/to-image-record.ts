import { isLayoutReference } from "./cache-source.ts";
import type { ConvertResult } from "../dockerfile/index.ts";
import type { Stack, StackLayer, StepResult } from "../engine/index.ts";
import { finishHistory, type ImageLayer, type ImageRecord } from "../image/index.ts";
import { withInlineCache } from "./inline-cache.ts";
import type { LayerTimes } from "../oci/index.ts";
import { isoTime } from "../util/index.ts";

/** The image of a solved target, as the store keeps it.
 * @param times of the layers that are not the base image's */
export function toImageRecord(
  plan: ConvertResult,
  stack: Stack,
  {
    build,
    times,
    inlineResults,
  }: {
    build: NonNullable<ImageRecord["build"]>;
    times: LayerTimes | undefined;
    inlineResults: readonly StepResult[] | undefined;
  },
): ImageRecord {
  const created = plan.config.created;
  const facts = stack.layers.map(({ createdAtMs, step }) => ({
    created: createdAtMs === undefined ? undefined : (created ?? isoTime(createdAtMs)),
    description: step,
  }));
  const steps = stack.layers.map(({ step }) => step ?? null);
  const layers = stack.layers.map((found) => toImageLayer(found, times));
  const finished = finishHistory(plan.config, facts);
  const config = inlineResults ? withInlineCache(finished, stack, inlineResults) : finished;
  return { config, layers, build: { ...build, steps } };
}

function toImageLayer(
  { layer, reference, createdAtMs }: StackLayer,
  times: LayerTimes | undefined,
): ImageLayer {
  if (layer.kind === "blob") {
    return reference === undefined || isLayoutReference(reference) ? layer : { ...layer, reference };
  }
  return times && createdAtMs !== undefined ? { ...layer, times } : layer;
}
