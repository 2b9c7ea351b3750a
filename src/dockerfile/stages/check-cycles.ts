import type { ParsedDockerfile } from "../instructions/instruction.ts";
import { stageError } from "./stage-error.ts";
import type { StageNode, StageStep } from "./stage-graph.ts";

/** @throws {DockerfileError} `DOCKERFILE_STAGE` when COPY --from or a mount makes a stage need itself, at the instruction of that stage
 * which leads round. FROM cannot: it only names earlier stages. */
export function checkCycles(dockerfile: ParsedDockerfile, stages: readonly StageNode[]): void {
  const visited = new Set<number>();
  for (const stage of stages) {
    const step = stepIntoCycle(stage.index, { stages, visited });
    if (!step) continue;
    const message = `circular dependency detected on stage: ${stage.displayName}`;
    throw stageError(message, dockerfile, step.instruction);
  }
}

interface Edge {
  readonly step: StageStep;
  readonly target: number;
}

/** Walks from a stage, depth first, by a list of its own: a file may have more stages than the call stack has room for. */
function stepIntoCycle(
  start: number,
  { stages, visited }: { stages: readonly StageNode[]; visited: Set<number> },
): StageStep | undefined {
  if (visited.has(start)) return undefined;
  visited.add(start);
  const path = [{ index: start, edges: edgesOf(stages[start]!), next: 0 }];
  const onPath = new Set([start]);
  for (let top = path[0]; top; top = path.at(-1)) {
    const edge = top.edges[top.next++];
    if (!edge) {
      onPath.delete(top.index);
      path.pop();
    } else if (onPath.has(edge.target)) {
      return path[0]!.edges[path[0]!.next - 1]!.step;
    } else if (!visited.has(edge.target)) {
      visited.add(edge.target);
      onPath.add(edge.target);
      path.push({ index: edge.target, edges: edgesOf(stages[edge.target]!), next: 0 });
    }
  }
  return undefined;
}

function edgesOf(stage: StageNode): Edge[] {
  return stage.steps.flatMap((step) =>
    step.sources.flatMap((source) => (source.kind === "stage" ? [{ step, target: source.index }] : [])),
  );
}
