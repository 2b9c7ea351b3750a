import type { Definition, Vertex, VertexDigest } from "../../llb/index.ts";
import { stepIds } from "./llb-steps.ts";

/** How many of an image's layers, bottom first, each step of the chain that made them ends with, by output: `step2:0`. Steps of other
 * stages are not in it: their layers do not travel.
 * @param layerCount of the image that the graph's root is */
export function layerSteps(definition: Definition, layerCount: number): Readonly<Record<string, number>> {
  const ids = stepIds(definition);
  const counts: Record<string, number> = {};
  let next = definition.root;
  for (let count = layerCount; next !== undefined && count > 0; ) {
    const vertex = definition.vertices.get(next)!;
    counts[`${ids.get(next)}:0`] = count;
    count -= addedLayers(vertex, definition);
    next = baseOf(vertex);
  }
  return counts;
}

/** Layers on top of the vertex's base. */
function addedLayers({ op, inputs }: Vertex, definition: Definition): number {
  if (op.kind === "source") return 0;
  if (op.kind !== "merge") return 1;
  const [, ...above] = inputs;
  return above.reduce((sum, input) => sum + allLayers(input, definition), 0);
}

/** What is laid on a merge's base is made on nothing: all of its layers are made by steps. */
function allLayers(digest: VertexDigest, definition: Definition): number {
  const vertex = definition.vertices.get(digest)!;
  const base = baseOf(vertex);
  return addedLayers(vertex, definition) + (base === undefined ? 0 : allLayers(base, definition));
}

function baseOf({ op, inputs }: Vertex): VertexDigest | undefined {
  switch (op.kind) {
    case "source":
      return undefined;
    case "exec": {
      const [root] = op.mounts;
      return root?.type === "bind" ? inputs[root.input] : undefined;
    }
    case "file":
      return inputs[op.base];
    case "merge":
      return inputs[0];
  }
}
