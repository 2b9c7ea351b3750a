import { reachableStages, type StageGraph } from "../../stages/index.ts";
import type { Finding } from "../finding.ts";

/** A stage that cannot be named with `--target`, is not the last, and is needed by no stage of which one of these is true. */
export function* checkReachability({ stages }: StageGraph): Generator<Finding> {
  const names = new Map(stages.map(({ name, index }) => [name ?? "", index]));
  const targets = [...names].filter(([name]) => name !== "").map(([, index]) => index);
  const reached = reachableStages([...targets, stages.length - 1], (index) => {
    const { base, steps } = stages[index]!;
    return [base, ...steps.flatMap((step) => step.sources)];
  });
  for (const { index, name, from } of stages) {
    if (reached.has(index)) continue;
    const reason =
      name === undefined
        ? "it has no name, is not the last, and no other stage uses it"
        : `a later stage is named "${name}" too, and no other stage uses this one`;
    yield { rule: "UnreachableStage", message: `No target reaches this stage: ${reason}`, instruction: from };
  }
}
