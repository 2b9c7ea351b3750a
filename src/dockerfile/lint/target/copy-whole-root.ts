import { posix } from "node:path";
import type { StageGraph } from "../../stages/index.ts";
import type { Finding } from "../finding.ts";
import type { ShippedStages } from "./shipped-stages.ts";

/** `COPY --from=… / …` into the target. Onto scratch it is the way to make one layer out of many. */
export function* checkRootCopies(
  { dockerfile, stages }: StageGraph,
  shipped: ShippedStages,
): Generator<Finding> {
  for (const index of shipped) {
    if (stages[index]!.base.kind === "scratch") continue;
    for (const instruction of dockerfile.stages[index]!.instructions) {
      if (instruction.kind !== "copy" || instruction.from === undefined) continue;
      if (!instruction.sources.some((source) => posix.normalize(`/${source}`) === "/")) continue;
      const message = `The whole root of "${instruction.from}" becomes part of the target; copy only the files that it needs`;
      yield { rule: "CopyWholeRoot", message, instruction };
    }
  }
}
