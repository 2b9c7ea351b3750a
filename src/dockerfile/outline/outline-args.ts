import type { SourceRange } from "../../errors/index.ts";
import type { ConvertContext } from "../convert/convert-context.ts";
import type { StageState } from "../convert/stage-state.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import type { ArgInstruction } from "../instructions/instruction.ts";
import { processWord } from "../shell/process-word.ts";
import type { StageGraph } from "../stages/index.ts";
import { describedBy } from "./description.ts";
import { stagesFromTarget } from "./stages-from-target.ts";

/** A build argument that a target takes. */
export interface OutlineArg {
  readonly name: string;
  /** From a comment `# <name> …` above the ARG; may be empty. */
  readonly description: string;
  /** The one that this build would use; empty when there is none. */
  readonly value: string;
  readonly range: SourceRange;
}

interface GlobalArg extends OutlineArg {
  /** Arguments that its default is made of. */
  readonly uses: ReadonlySet<string>;
}

/** Every argument that the target or a stage it needs declares, and the global ones that their FROM lines use. A name stands
 * for the declaration nearest to the target. */
export function outlineArgs(context: ConvertContext): OutlineArg[] {
  const globals = globalArgs(context.graph);
  const found = new Map<string, OutlineArg>();
  for (const state of stagesFromTarget(context)) {
    const own = stageArgs(context, state);
    const names = new Set([...fromArgs(context.graph, state), ...own.keys()]);
    // A set is walked on while it grows.
    for (const name of names) {
      const arg = own.get(name) ?? globals.get(name);
      if (arg && !found.has(name)) found.set(name, arg);
      if (arg && "uses" in arg) for (const used of (arg as GlobalArg).uses) names.add(used);
    }
  }
  return [...found.values()].sort((a, b) => a.range.startLine - b.range.startLine);
}

function globalArgs(graph: StageGraph): Map<string, GlobalArg> {
  const args = new Map<string, GlobalArg>();
  for (const instruction of graph.dockerfile.globalArgs) {
    for (const { key, value } of instruction.args) {
      const isGiven = value === undefined || Object.hasOwn(graph.buildArgs, key);
      const uses = isGiven ? new Set<string>() : usedIn(value, graph);
      uses.delete(key);
      args.set(key, { ...toArg(instruction, key, graph.globalArgs.get(key)), uses });
    }
  }
  return args;
}

function fromArgs(graph: StageGraph, { node: { from } }: StageState): Set<string> {
  return new Set([...usedIn(from.image, graph), ...usedIn(from.platform ?? "", graph)]);
}

/** Undefined for a name whose global declaration says it all. */
function stageArgs({ graph }: ConvertContext, state: StageState): Map<string, OutlineArg | undefined> {
  const values = state.args.map(({ value }) => value);
  const args = new Map<string, OutlineArg | undefined>();
  for (const { instruction } of state.steps) {
    if (instruction.kind !== "arg") continue;
    for (const { key, value } of instruction.args) {
      const resolved = values.shift();
      const isGlobal =
        value === undefined && !Object.hasOwn(graph.buildArgs, key) && graph.globalArgs.has(key);
      if (!isGlobal) args.set(key, toArg(instruction, key, resolved));
      else if (!args.has(key)) args.set(key, undefined);
    }
  }
  return args;
}

function toArg(instruction: ArgInstruction, name: string, value = ""): OutlineArg {
  const { prevComment, range } = instruction;
  return { name, description: describedBy(prevComment, name), value, range };
}

function usedIn(word: string, { globalArgs: values, dockerfile }: StageGraph): Set<string> {
  try {
    return new Set(processWord(word, values, { escape: dockerfile.directives.escape }).matched);
  } catch (error) {
    if (error instanceof DockerfileError) return new Set();
    throw error;
  }
}
