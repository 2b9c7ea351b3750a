import { type ConvertResult, finishHistory } from "../dockerfile/index.ts";
import type { Stack } from "../engine/index.ts";
import type { ImageLayer, ImageRecord } from "../image/index.ts";

/** The image of a solved target, as the store keeps it. */
export function toImageRecord(
  plan: ConvertResult,
  stack: Stack,
  build: NonNullable<ImageRecord["build"]>,
): ImageRecord {
  const facts = stack.layers.map(({ createdAtMs, step }) => ({
    created: createdAtMs === undefined ? undefined : new Date(createdAtMs).toISOString(),
    description: step,
  }));
  const layers = stack.layers.map(({ layer, reference }): ImageLayer => {
    return layer.kind === "blob" && reference !== undefined ? { ...layer, reference } : layer;
  });
  return { config: finishHistory(plan.config, facts), layers, build };
}
