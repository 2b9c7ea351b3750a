import type { ParsedDockerfile } from "../instructions/instruction.ts";
import { stageError } from "./stage-error.ts";
import type { StageNode, StageStep } from "./stage-graph.ts";

/** @throws {DockerfileError} `DOCKERFILE_STAGE` when COPY --from or a mount makes a stage need itself, at the instruction of that stage
 * which leads round. FROM cannot: it only names earlier stages. */
export function checkCycles(dockerfile: ParsedDockerfile, stages: readonly StageNode[]): void {
  const visited = new Set<number>();
  const path = new Set<number>();
  const visit = (index: number): StageStep | undefined => {
    if (visited.has(index)) return undefined;
    visited.add(index);
    path.add(index);
    for (const step of stages[index]!.steps) {
      for (const source of step.sources) {
        if (source.kind !== "stage") continue;
        if (path.has(source.index) || visit(source.index)) return step;
      }
    }
    path.delete(index);
    return undefined;
  };
  for (const stage of stages) {
    const step = visit(stage.index);
    if (step) {
      const message = `circular dependency detected on stage: ${stage.displayName}`;
      throw stageError(message, dockerfile, step.instruction);
    }
  }
}
