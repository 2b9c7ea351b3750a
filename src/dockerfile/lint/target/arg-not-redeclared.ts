import type { StageInstruction } from "../../instructions/instruction.ts";
import type { StageGraph } from "../../stages/index.ts";
import type { Finding } from "../finding.ts";
import type { LintOptions } from "../lint-input.ts";
import { walkStages } from "../walk-stages.ts";
import { runText } from "./shell-commands.ts";

/** A variable that is empty in a stage because the ARG of its name stands before the first FROM only. */
export function* checkArgs(graph: StageGraph, options: LintOptions): Generator<Finding> {
  const seen = new Set<string>();
  for (const { index, instruction, scope } of walkStages(graph, options)) {
    if (!(options.stages?.has(index) ?? true)) continue;
    const used = [...scope.unmatchedNames(instruction, graph), ...shellNames(instruction)];
    for (const name of used) {
      if (!graph.globalArgs.has(name) && !isDeclaredGlobally(graph, name)) continue;
      if (scope.env.has(name) || scope.declares(name) || seen.has(`${index} ${name}`)) continue;
      seen.add(`${index} ${name}`);
      const line = graph.stages[index]!.from.range.startLine;
      const message = `$${name} is empty here: ${origin(graph, name)} is not known in this stage; add "ARG ${name}" below the FROM of line ${line}`;
      yield { rule: "ArgNotRedeclared", message, instruction };
    }
  }
}

function isDeclaredGlobally(graph: StageGraph, name: string): boolean {
  return declaration(graph, name) !== undefined;
}

function declaration({ dockerfile }: StageGraph, name: string) {
  return dockerfile.globalArgs.find(({ args }) => args.some(({ key }) => key === name));
}

function origin(graph: StageGraph, name: string): string {
  const instruction = declaration(graph, name);
  return instruction ? `the global ARG of line ${instruction.range.startLine}` : `the predefined ARG ${name}`;
}

/** Variables that the shell of a RUN uses and does not set itself; those with a default of their own are meant to be empty. */
function shellNames(instruction: StageInstruction): readonly string[] {
  if (instruction.kind !== "run" || instruction.command.form === "exec") return [];
  const text = runText(instruction).replaceAll(/'[^']*'/g, "");
  if (!text.includes("$")) return [];
  const names = new Set<string>();
  for (const [, braced, plain] of text.matchAll(/(?<!\\)\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g))
    names.add((braced ?? plain)!);
  const set = new Set<string>();
  for (const [, assigned, read] of text.matchAll(/(?:\b([A-Za-z_]\w*)=|\b(?:for|read) ([A-Za-z_]\w*))/g))
    set.add((assigned ?? read)!);
  return [...names].filter((name) => !set.has(name));
}
