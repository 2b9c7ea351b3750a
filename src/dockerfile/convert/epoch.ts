import type { SourceOp } from "../../llb/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import type { AddInstruction } from "../instructions/instruction.ts";
import { expandAt, findContext, type StageGraph, type StageNode, type StepOf } from "../stages/index.ts";
import { ConvertContext } from "./convert-context.ts";
import type { ConvertOptions } from "./options.ts";
import { remoteSource } from "./remote-source.ts";

const name = "SOURCE_DATE_EPOCH";

/** The time that everything of this build has, from `SOURCE_DATE_EPOCH` as a build argument or a global ARG: seconds since 1970, or
 * what has such a time: `context`, a named context, or a stage that only adds one remote source. Undefined when there is none, which
 * is so for directories and images too.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` with BuildKit's messages; what `options.sourceTime` throws */
export async function sourceDateEpoch(
  graph: StageGraph,
  options: ConvertOptions,
): Promise<number | undefined> {
  const value = graph.buildArgs[name] ?? graph.globalArgs.get(name) ?? "";
  if (value === "") return undefined;
  if (/^[+-]?\d+$/.test(value)) return inRange(Number(value), graph, value);
  const source = sourceNamed(value, graph, options);
  const isRemote = source !== undefined && /^(?:git|https?):\/\//.test(source.identifier);
  return isRemote ? await options.sourceTime?.(source) : undefined;
}

/** What RFC 3339 can say: the years 0 to 9999. */
function inRange(seconds: number, graph: StageGraph, value: string): number {
  if (seconds < -62_167_219_200 || seconds > 253_402_300_799) throw invalid(graph, value);
  return seconds;
}

function sourceNamed(value: string, graph: StageGraph, options: ConvertOptions): SourceOp | undefined {
  if (value === "context") return options.mainContext?.op;
  const named = findContext(graph.namedContexts, value, graph.platform);
  if (named) return named.context.kind === "fetched" ? named.context.context.op : undefined;
  const stage = graph.stages.find((node) => node.name?.toLowerCase() === value.toLowerCase());
  if (!stage) throw invalid(graph, value);
  return addedSource(graph, options, stage);
}

/** The only thing that a stage does: it adds a file or a repository of the network. */
function addedSource(graph: StageGraph, options: ConvertOptions, stage: StageNode): SourceOp {
  const step = onlyAdd(stage);
  const { instruction } = step;
  if (instruction.files.length > 0 || instruction.sources.length !== 1)
    throw problem(stage, `${name} stage must contain exactly one remote ADD source`);
  const env = stageArgs(graph, stage);
  const expand = (word: string) => expandAt(graph.dockerfile, instruction, word, env);
  const source = expand(instruction.sources[0]!);
  const checksum = instruction.checksum === undefined ? "" : expand(instruction.checksum);
  const remote = remoteSource(new ConvertContext(graph, options, []), step, { source, checksum });
  if (!remote) throw problem(stage, `${name} stage source must be a single HTTP(S) or Git ADD`);
  return remote.op;
}

function onlyAdd(stage: StageNode): StepOf<AddInstruction> {
  if (stage.base.kind !== "scratch") throw problem(stage, `${name} stage must use FROM scratch`);
  let found: StepOf<AddInstruction> | undefined;
  for (const step of stage.steps) {
    const { instruction } = step;
    if (instruction.kind === "arg") continue;
    if (instruction.kind !== "add") {
      const reason = `unsupported ${instruction.kind} instruction`;
      throw problem(stage, `${name} stage does not meet source-only requirements: ${reason}`);
    }
    if (found) throw problem(stage, `${name} stage must contain exactly one remote ADD`);
    found = { ...step, instruction };
  }
  if (!found) throw problem(stage, `${name} stage must contain exactly one remote ADD`);
  return found;
}

/** Here alone the global arguments are seen without being declared again. */
function stageArgs({ dockerfile, buildArgs, globalArgs }: StageGraph, stage: StageNode): Map<string, string> {
  const env = new Map(globalArgs);
  env.delete(name);
  for (const { instruction } of stage.steps) {
    for (const { key, value } of instruction.kind === "arg" ? instruction.args : []) {
      const given = buildArgs[key];
      if (given !== undefined) env.set(key, given);
      else if (value !== undefined) env.set(key, expandAt(dockerfile, instruction, value, env));
    }
  }
  return env;
}

function invalid({ stages }: StageGraph, value: string): DockerfileError {
  return problem(stages[0]!, `invalid ${name}: ${value}`);
}

function problem({ location }: StageNode, message: string): DockerfileError {
  return new DockerfileError("DOCKERFILE_INSTRUCTION", message, { location });
}
