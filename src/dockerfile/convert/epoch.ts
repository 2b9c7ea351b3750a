import { DockerfileError } from "../dockerfile-error.ts";
import type { StageGraph, StageNode } from "../stages/index.ts";

const name = "SOURCE_DATE_EPOCH";

/** The time that everything of this build has, from `SOURCE_DATE_EPOCH` as a build argument or a global ARG: seconds since 1970, or
 * what has such a time: `context`, or a stage that only adds one remote source. Undefined when there is none, which is so for a
 * local context too.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` with BuildKit's messages | `UNSUPPORTED` */
export function sourceDateEpoch(graph: StageGraph): number | undefined {
  const value = graph.buildArgs[name] ?? graph.globalArgs.get(name) ?? "";
  if (value === "" || value === "context") return undefined;
  if (/^[+-]?\d+$/.test(value)) return inRange(Number(value), graph, value);
  const stage = graph.stages.find((node) => node.name?.toLowerCase() === value.toLowerCase());
  if (!stage) throw invalid(graph, value);
  checkSourceStage(stage);
  throw problem(stage, `${name} from a stage is not supported yet`, "UNSUPPORTED");
}

/** RFC 3339 as Go writes it. */
export function formatEpoch(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** What RFC 3339 can say: the years 0 to 9999. */
function inRange(seconds: number, graph: StageGraph, value: string): number {
  if (seconds < -62_167_219_200 || seconds > 253_402_300_799) throw invalid(graph, value);
  return seconds;
}

function checkSourceStage(stage: StageNode): void {
  if (stage.base.kind !== "scratch") throw problem(stage, `${name} stage must use FROM scratch`);
  const steps = stage.steps.map(({ instruction }) => instruction);
  const other = steps.find(({ kind }) => kind !== "arg" && kind !== "add");
  if (other) {
    const reason = `unsupported ${other.kind} instruction`;
    throw problem(stage, `${name} stage does not meet source-only requirements: ${reason}`);
  }
  const adds = steps.filter(({ kind }) => kind === "add");
  if (adds.length !== 1) throw problem(stage, `${name} stage must contain exactly one remote ADD`);
}

function invalid({ stages }: StageGraph, value: string): DockerfileError {
  return problem(stages[0]!, `invalid ${name}: ${value}`);
}

function problem(
  { location }: StageNode,
  message: string,
  code: "DOCKERFILE_INSTRUCTION" | "UNSUPPORTED" = "DOCKERFILE_INSTRUCTION",
): DockerfileError {
  return new DockerfileError(code, message, { location });
}
