import type {
  ArgInstruction,
  FromInstruction,
  Instruction,
  ParsedDockerfile,
} from "../instructions/instruction.ts";
import type { Finding } from "./finding.ts";

/** Checks that need nothing but the text: casing, names, deprecated and repeated forms. */
export function* checkFile(dockerfile: ParsedDockerfile): Generator<Finding> {
  yield* emptyContinuations(dockerfile);
  for (const instruction of allInstructions(dockerfile)) {
    if (instruction.kind === "from") yield* checkFrom(instruction);
    if (instruction.kind === "arg") yield* argDescription(instruction);
    if (instruction.kind === "maintainer") yield maintainer(instruction);
  }
  yield* stageNames(dockerfile);
  yield* instructionCasing(dockerfile);
}

function* allInstructions({ globalArgs, stages }: ParsedDockerfile): Generator<Instruction> {
  yield* globalArgs;
  for (const { from, instructions } of stages) {
    yield from;
    yield* instructions;
  }
}

function* emptyContinuations(dockerfile: ParsedDockerfile): Generator<Finding> {
  if (dockerfile.warnings.length === 0) return;
  const instructions = [...allInstructions(dockerfile)];
  let index = 0;
  for (const { location, message } of dockerfile.warnings) {
    const { range } = location;
    while (instructions[index + 1] && instructions[index + 1]!.range.startLine <= range.startLine) index++;
    yield { rule: "NoEmptyContinuation", message, instruction: instructions[index]!, range };
  }
}

function* instructionCasing({ stages }: ParsedDockerfile): Generator<Finding> {
  const instructions = stages.flatMap((stage) => [stage.from, ...stage.instructions]);
  const lower = instructions.filter(({ keyword }) => isLower(keyword)).length;
  const upper = instructions.filter(({ keyword }) => isUpper(keyword)).length;
  const [isRight, casing] = lower > upper ? [isLower, "lowercase"] : [isUpper, "uppercase"];
  for (const instruction of instructions) {
    if (isRight(instruction.keyword)) continue;
    const message = `Command '${instruction.keyword}' should match the case of the command majority (${casing})`;
    yield { rule: "ConsistentInstructionCasing", message, instruction };
  }
}

function* stageNames({ stages }: ParsedDockerfile): Generator<Finding> {
  const seen = new Set<string>();
  for (const { from } of stages) {
    const name = from.stageName;
    if (name === undefined) continue;
    if (name === "scratch" || name === "context") {
      const message = `Stage name should not use the same name as reserved stage "${name}"`;
      yield { rule: "ReservedStageName", message, instruction: from };
    }
    if (seen.has(name)) {
      const message = `Duplicate stage name "${name}", stage names should be unique`;
      yield { rule: "DuplicateStageName", message, instruction: from };
    }
    seen.add(name);
  }
}

function* checkFrom(instruction: FromInstruction): Generator<Finding> {
  const { stageName, stageNameAsWritten, asKeyword, keyword } = instruction;
  if (stageName === undefined) return;
  if (stageNameAsWritten !== stageName) {
    const message = `Stage name '${stageNameAsWritten}' should be lowercase`;
    yield { rule: "StageNameCasing", message, instruction };
  }
  if (asKeyword !== undefined && !isCasingEqual(keyword, asKeyword)) {
    const message = `'${asKeyword}' and '${keyword}' keywords' casing do not match`;
    yield { rule: "FromAsCasing", message, instruction };
  }
  yield* description(instruction, "FROM", [stageName]);
}

/** A mixed-case FROM is a violation of another rule. */
function isCasingEqual(keyword: string, other: string): boolean {
  if (isLower(keyword)) return isLower(other);
  return !isUpper(keyword) || isUpper(other);
}

function argDescription(instruction: ArgInstruction): Generator<Finding> {
  return description(
    instruction,
    "ARG",
    instruction.args.map(({ key }) => key),
  );
}

function* description(
  instruction: Instruction,
  name: string,
  defined: readonly string[],
): Generator<Finding> {
  const comment = instruction.prevComment.at(-1);
  if (comment === undefined || defined.includes(comment.split(" ")[0]!)) return;
  const example = defined.length > 1 ? "<arg_key>" : defined[0]!;
  const message = `Comment for ${name} should follow the format: \`# ${example} <description>\``;
  yield { rule: "InvalidDefinitionDescription", message, instruction };
}

function maintainer(instruction: Instruction): Finding {
  const message = "Maintainer instruction is deprecated in favor of using label";
  return { rule: "MaintainerDeprecated", message, instruction };
}

function isLower(text: string): boolean {
  return text === text.toLowerCase();
}

function isUpper(text: string): boolean {
  return text === text.toUpperCase();
}
