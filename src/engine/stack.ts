import { createHash } from "node:crypto";
import type { ImageLayer } from "../image/index.ts";

declare const brand: unique symbol;

/** What a layer is to the steps above it: equal identities hold equal trees. Goes into keys, travels between machines. */
export type LayerIdentity = string & { readonly [brand]: "LayerIdentity" };

export interface StackLayer {
  readonly identity: LayerIdentity;
  readonly layer: ImageLayer;
  /** Unix milliseconds; undefined for a base image's layer, whose time its own history tells. */
  readonly createdAtMs?: number;
  /** Name of the step that made it. */
  readonly step?: string;
  /** Reference to fetch a blob by, when the store does not hold it. */
  readonly reference?: string;
  /** Of a base image's layer: what the image is called in the graph. */
  readonly image?: string;
}

/** The result of a step: layers, bottom first. An empty stack is scratch. */
export interface Stack {
  readonly layers: readonly StackLayer[];
}

export const emptyStack: Stack = { layers: [] };

export function layerIdentity(text: string): LayerIdentity {
  return text as LayerIdentity;
}

/** One value that stands for the whole stack; equal for equal stacks on every machine. */
export function stackIdentity(stack: Stack): string {
  if (stack.layers.length === 0) return "scratch";
  const hash = createHash("sha256");
  for (const layer of stack.layers) hash.update(`${layer.identity}\n`);
  return hash.digest("hex");
}
