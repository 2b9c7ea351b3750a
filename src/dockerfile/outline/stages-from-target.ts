import type { ConvertContext } from "../convert/convert-context.ts";
import type { StageState } from "../convert/stage-state.ts";

/** The target's stage, then what it is FROM, then what it reads from, each with its own in the same way. */
export function stagesFromTarget({ graph, states }: ConvertContext): Set<StageState> {
  const visited = new Set<StageState>();
  const pending = [graph.target];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    const state = states[index]!;
    if (visited.has(state)) continue;
    visited.add(state);
    const sources = state.steps.flatMap((step) => step.sources);
    const bases = [state.node.base, ...sources].flatMap((base) =>
      base.kind === "stage" ? [base.index] : [],
    );
    for (const base of bases.reverse()) pending.push(base);
  }
  return visited;
}
