import type { StageInstruction } from "../instructions/instruction.ts";
import type { LintInput, LintOptions } from "./lint-input.ts";
import { StageScope } from "./stage-scope.ts";

/** An instruction with the index of its stage, and the stage's scope as it was before it. */
export interface LintStep {
  readonly index: number;
  readonly instruction: StageInstruction;
  readonly scope: StageScope;
}

/** Walks through the instructions of every stage, for later stages may start from it. A scope changes as the walk goes on. */
export function* walkStages(input: LintInput, options: LintOptions): Generator<LintStep> {
  const scopes: StageScope[] = [];
  for (const { index, instructions } of input.dockerfile.stages) {
    const scope = initialScope(index, { input, options, scopes });
    scopes.push(scope);
    for (const instruction of instructions) {
      yield { index, instruction, scope };
      scope.apply(instruction, input);
    }
  }
}

function initialScope(
  index: number,
  context: { input: LintInput; options: LintOptions; scopes: readonly StageScope[] },
): StageScope {
  const { base } = context.input.stages[index]!;
  if (base.kind === "stage") return StageScope.fromStage(context.scopes[base.index]!);
  if (base.kind === "scratch" || base.kind === "context")
    return StageScope.fromImage({ ...context.input.platform, config: {} });
  return StageScope.fromImage(context.options.baseImage?.(index));
}
