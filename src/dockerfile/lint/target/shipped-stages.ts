import type { StageGraph } from "../../stages/index.ts";

/** The stages whose layers the target's image has: the target's own, what that is FROM, and so on; the target first. */
export type ShippedStages = readonly [target: number, ...bases: number[]];

export function shippedStages({ stages, target }: StageGraph): ShippedStages {
  const shipped: [number, ...number[]] = [target];
  for (let { base } = stages[target]!; base.kind === "stage"; { base } = stages[base.index]!)
    shipped.push(base.index);
  return shipped;
}
