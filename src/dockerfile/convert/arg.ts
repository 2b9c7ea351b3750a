import type { ArgInstruction } from "../instructions/instruction.ts";
import type { StageStep, StepOf } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import { addHistory } from "./history.ts";
import { setVariable } from "./set-variable.ts";
import type { StageState } from "./stage-state.ts";

/** Arguments that steer the build and never reach a command's environment. */
const notInEnv = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

/** ARG in a stage: a build argument goes before the default, the default before the value of the global ARG. */
export function dispatchArg(context: ConvertContext, state: StageState, step: StepOf<ArgInstruction>): void {
  const shown = step.instruction.args.map(({ key, value }) => {
    const resolved = resolveArg(context, state, step, { key, value });
    if (resolved !== undefined && !notInEnv.has(key)) setVariable(state.env, key, resolved);
    state.args.push(resolved === undefined ? { key } : { key, value: resolved });
    return resolved === undefined ? key : `${key}=${resolved}`;
  });
  addHistory(state, `ARG ${shown.join(" ")}`, "none");
}

function resolveArg(
  context: ConvertContext,
  state: StageState,
  step: StageStep,
  arg: { readonly key: string; readonly value: string | undefined },
): string | undefined {
  const { buildArgs, globalArgs } = context.graph;
  if (Object.hasOwn(buildArgs, arg.key)) return buildArgs[arg.key];
  if (arg.value !== undefined) return context.expand(state, step, arg.value);
  return globalArgs.get(arg.key);
}
