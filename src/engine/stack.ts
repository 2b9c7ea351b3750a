import { createHash, type Hash } from "node:crypto";
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
  /** The same layers without the topmost, where that is at hand: what is known of it need not be found out again for all of them. */
  readonly below?: Stack;
}

export const emptyStack: Stack = { layers: [] };

export function layerIdentity(text: string): LayerIdentity {
  return text as LayerIdentity;
}

/** One value that stands for the whole stack; equal for equal stacks on every machine. */
export function stackIdentity(stack: Stack): string {
  if (stack.layers.length === 0) return "scratch";
  return hashOf(stack).copy().digest("hex");
}

/** One more layer upon a stack. */
export function pushLayer(below: Stack, layer: StackLayer): Stack {
  return { layers: [...below.layers, layer], below };
}

/** What an identity is made of. */
const hashes = new WeakMap<Stack, Hash>();

function hashOf(stack: Stack): Hash {
  const known = hashes.get(stack);
  if (known) return known;
  const below = stack.below && hashes.get(stack.below);
  const hash = below
    ? withLayer(below.copy(), stack.layers.at(-1)!)
    : stack.layers.reduce(withLayer, createHash("sha256"));
  hashes.set(stack, hash);
  return hash;
}

function withLayer(hash: Hash, { identity }: StackLayer): Hash {
  return hash.update(`${identity}\n`);
}
