import type { StageBase, StageGraph } from "./stage-graph.ts";

/** Indices of the stages that the graph's target needs, itself included: what they are FROM, copy from and mount. */
export function stagesNeeded(graph: StageGraph): ReadonlySet<number> {
  return reachableStages([graph.target], (index) => {
    const { base, steps } = graph.stages[index]!;
    return [base, ...steps.flatMap((step) => step.sources)];
  });
}

/** Indices of what `targets` reach, themselves included.
 * @param uses what the stage of that index stands on and reads from */
export function reachableStages(
  targets: Iterable<number>,
  uses: (index: number) => readonly StageBase[],
): ReadonlySet<number> {
  const reached = new Set(targets);
  // A set is walked on while it grows.
  for (const index of reached) {
    for (const base of uses(index)) {
      if (base.kind === "stage") reached.add(base.index);
    }
  }
  return reached;
}
