import { parseOnbuildTrigger } from "../instructions/index.ts";
import type { OnbuildInstruction } from "../instructions/instruction.ts";
import { stepSources, type StageStep } from "../stages/index.ts";
import { add } from "./added-config.ts";
import type { ConvertContext } from "./convert-context.ts";
import type { StageState } from "./stage-state.ts";

/** ONBUILD: kept in the image as it is written, without a history entry. */
export function dispatchOnbuild(state: StageState, instruction: OnbuildInstruction): void {
  add(state, "triggers", [instruction.trigger]);
}

/** Puts the triggers of what a stage is FROM before its own steps. They count as written at the FROM line, see the stages of
 * this file, and are used up: the stage's image does not have them. */
export function addTriggers(context: ConvertContext, state: StageState): void {
  const triggers = baseTriggers(context, state);
  delete state.image.config.OnBuild;
  const steps = triggers.map((trigger): StageStep => {
    const instruction = parseOnbuildTrigger(trigger, state.node.location);
    return { instruction, sources: stepSources(instruction, context.stepScope), isOnbuild: true };
  });
  state.steps = [...steps, ...state.steps];
  state.stepCount += steps.length;
}

function baseTriggers(context: ConvertContext, state: StageState): readonly string[] {
  const { base } = state.node;
  if (base.kind === "image") return state.image.config.OnBuild ?? [];
  if (base.kind !== "stage") return [];
  return context.graph.stages[base.index]!.steps.flatMap(({ instruction }) =>
    instruction.kind === "onbuild" ? [instruction.trigger] : [],
  );
}
