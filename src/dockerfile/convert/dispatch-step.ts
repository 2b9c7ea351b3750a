import type { StageStep } from "../stages/index.ts";
import { dispatchArg } from "./arg.ts";
import type { ConvertContext } from "./convert-context.ts";
import { dispatchCopy } from "./copy.ts";
import { dispatchExpose } from "./expose.ts";
import {
  dispatchCmd,
  dispatchEntrypoint,
  dispatchEnv,
  dispatchHealthcheck,
  dispatchLabel,
  dispatchMaintainer,
  dispatchShell,
  dispatchStopSignal,
  dispatchUser,
  dispatchVolume,
} from "./metadata-instructions.ts";
import { dispatchOnbuild } from "./onbuild.ts";
import { dispatchRun } from "./run.ts";
import type { StageState } from "./stage-state.ts";
import { dispatchWorkdir } from "./workdir.ts";

/** Carries out one instruction: on the stage's tree, its environment, its config and its history. */
export function dispatchStep(context: ConvertContext, state: StageState, step: StageStep): void {
  context.locate(step, () => dispatch(context, state, step));
}

function dispatch(context: ConvertContext, state: StageState, step: StageStep): void {
  const { instruction } = step;
  switch (instruction.kind) {
    case "run":
      return dispatchRun(context, state, { ...step, instruction });
    case "copy":
    case "add":
      return dispatchCopy(context, state, { ...step, instruction });
    case "workdir":
      return dispatchWorkdir(context, state, { ...step, instruction });
    case "arg":
      return dispatchArg(context, state, { ...step, instruction });
    case "env":
      return dispatchEnv(context, state, { ...step, instruction });
    case "label":
      return dispatchLabel(context, state, { ...step, instruction });
    case "user":
      return dispatchUser(context, state, { ...step, instruction });
    case "volume":
      return dispatchVolume(context, state, { ...step, instruction });
    case "expose":
      return dispatchExpose(context, state, { ...step, instruction });
    case "stopsignal":
      return dispatchStopSignal(context, state, { ...step, instruction });
    case "cmd":
      return dispatchCmd(state, instruction);
    case "entrypoint":
      return dispatchEntrypoint(state, instruction);
    case "shell":
      return dispatchShell(state, instruction);
    case "healthcheck":
      return dispatchHealthcheck(state, instruction);
    case "maintainer":
      return dispatchMaintainer(state, instruction);
    case "onbuild":
      return dispatchOnbuild(state, instruction);
    default:
      return instruction satisfies never;
  }
}
