import type { SourceLocation } from "../../errors/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import { parseSyntax } from "../parser/parse-syntax.ts";
import type { SyntaxNode, SyntaxTree } from "../parser/syntax-tree.ts";
import type {
  ArgInstruction,
  Instruction,
  ParsedDockerfile,
  ParsedStage,
  StageInstruction,
} from "./instruction.ts";
import { parseInstruction } from "./parse-instruction.ts";

export interface ParseOptions {
  /** As the user knows it; default `Dockerfile`. */
  readonly fileName?: string;
}

/** Parses a whole Dockerfile: every instruction of every stage is checked, also of stages that no target needs. Text that
 * is expanded per stage is not looked into.
 * @throws {DockerfileError} `DOCKERFILE_PARSE` | `DOCKERFILE_INSTRUCTION` with the location of the first problem */
export function parseDockerfile(text: string, options: ParseOptions = {}): ParsedDockerfile {
  const tree = parseSyntax(text, options.fileName ?? "Dockerfile");
  const globalArgs: ArgInstruction[] = [];
  const stages: StageDraft[] = [];
  for (const node of tree.nodes) {
    const instruction = typed(node, tree);
    const stage = stages.at(-1);
    if (instruction.kind === "from")
      stages.push({ index: stages.length, from: instruction, instructions: [] });
    else if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === "arg") globalArgs.push(instruction);
    else throw parseError("no build stage in current context", node, tree);
  }
  if (stages.length === 0)
    throw parseError("dockerfile contains no stages to build", tree.nodes.at(-1)!, tree);
  const { file, directives, warnings } = tree;
  return { text, file, directives, globalArgs, stages, warnings };
}

interface StageDraft extends ParsedStage {
  readonly instructions: StageInstruction[];
}

/** Parses what an image's ONBUILD holds. Its text has no place in the user's file; `location`, that of the FROM, stands
 * for it.
 * @throws {DockerfileError} `DOCKERFILE_PARSE` | `DOCKERFILE_INSTRUCTION` */
export function parseOnbuildTrigger(trigger: string, location: SourceLocation): StageInstruction {
  const instruction = located(location, () => parseTrigger(trigger));
  return { ...instruction, range: location.range };
}

function parseTrigger(trigger: string): StageInstruction {
  const { nodes } = parseSyntax(trigger, "ONBUILD");
  if (nodes.length !== 1)
    throw new DockerfileError("DOCKERFILE_PARSE", "onbuild trigger should be a single expression");
  const instruction = parseInstruction(nodes[0]!);
  if (instruction.kind === "from")
    throw new DockerfileError("DOCKERFILE_INSTRUCTION", "FROM isn't allowed as an ONBUILD trigger");
  return instruction;
}

/** Runs `parse`; a problem that it throws is one at `location`. */
function located<Value>(location: SourceLocation, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DockerfileError) error.location = location;
    throw error;
  }
}

function typed(node: SyntaxNode, tree: SyntaxTree): Instruction {
  try {
    return parseInstruction(node);
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    const message = `dockerfile parse error on line ${node.range.startLine}: ${error.message}`;
    throw new DockerfileError(error.code, message, { location: toLocation(node, tree) });
  }
}

function parseError(message: string, node: SyntaxNode, tree: SyntaxTree): DockerfileError {
  return new DockerfileError("DOCKERFILE_PARSE", message, { location: toLocation(node, tree) });
}

function toLocation(node: SyntaxNode, tree: SyntaxTree): SourceLocation {
  return { file: tree.file, range: node.range, text: tree.text };
}
