import type { FileOp } from "../../llb/index.ts";
import type { WorkdirInstruction } from "../instructions/instruction.ts";
import type { StageStep, StepOf } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import { addHistory } from "./history.ts";
import { parseOwner, refuseOwnerName } from "./owner.ts";
import { cleanPath, resolveWorkdir } from "./paths.ts";
import type { StageState } from "./stage-state.ts";
import { nextStep } from "./step-name.ts";

/** No process can be started in a longer one (PATH_MAX). */
const maxPath = 4095;

/** WORKDIR: sets the directory, and makes it in a layer of its own unless it is the root. */
export function dispatchWorkdir(
  context: ConvertContext,
  state: StageState,
  step: StepOf<WorkdirInstruction>,
): void {
  const path = context.expand(state, step, step.instruction.path);
  const workdir = resolveWorkdir(state.image.config.WorkingDir ?? "", path);
  if (workdir.length > maxPath) throw context.error(step, `WORKDIR is longer than ${maxPath} characters`);
  state.image.config.WorkingDir = workdir;
  state.workdir = workdir;
  const isRoot = workdir === "/";
  if (!isRoot) makeDirectory(context, state, step);
  addHistory(state, `WORKDIR ${workdir}`, isRoot ? "none" : "layer");
}

function makeDirectory(context: ConvertContext, state: StageState, step: StageStep): void {
  const user = state.image.config.User;
  const owner = user ? parseOwner(user) : undefined;
  if (!state.vertex) refuseOwnerName(context, step, owner);
  // A reproducible image gets its times when it is written, so that both kinds share their steps.
  const mtimeSeconds = context.options.reproducible ? undefined : state.epochSeconds;
  const op: FileOp = {
    kind: "file",
    base: state.vertex ? 0 : -1,
    actions: [
      {
        kind: "mkdir",
        path: cleanPath(state.workdir),
        mode: 0o755,
        makeParents: true,
        ...(owner && { owner }),
        ...(mtimeSeconds !== undefined && { mtimeSeconds }),
      },
    ],
  };
  state.vertex = context.definition.add(
    op,
    state.vertex ? [state.vertex] : [],
    nextStep(context, state, step),
  );
}
