import { goDuration, goList, goQuoteList } from "./go-format.ts";
import type {
  CmdInstruction,
  CommandLine,
  EntrypointInstruction,
  EnvInstruction,
  HealthcheckInstruction,
  KeyValue,
  LabelInstruction,
  MaintainerInstruction,
  ShellInstruction,
  StopSignalInstruction,
  UserInstruction,
  VolumeInstruction,
} from "../instructions/instruction.ts";
import type { StageStep, StepOf } from "../stages/index.ts";
import { add } from "./added-config.ts";
import type { ConvertContext } from "./convert-context.ts";
import { addHistory } from "./history.ts";
import { setVariable } from "./set-variable.ts";
import { isSignal } from "./signals.ts";
import type { StageState } from "./stage-state.ts";

export function dispatchEnv(context: ConvertContext, state: StageState, step: StepOf<EnvInstruction>): void {
  const pairs = expandPairs(context, state, step, step.instruction.pairs);
  for (const { key, value } of pairs) setVariable(state.env, key, value);
  add(state, "env", pairs);
  addHistory(state, ["ENV", ...pairs.map(formatPair)].join(" "), "none");
}

export function dispatchLabel(
  context: ConvertContext,
  state: StageState,
  step: StepOf<LabelInstruction>,
): void {
  const pairs = expandPairs(context, state, step, step.instruction.pairs);
  add(state, "labels", pairs);
  addHistory(state, ["LABEL", ...pairs.map(formatPair)].join(" "), "none");
}

function expandPairs(
  context: ConvertContext,
  state: StageState,
  step: StageStep,
  pairs: readonly KeyValue[],
): KeyValue[] {
  return pairs.map(({ key, value }) => ({
    key: context.expand(state, step, key),
    value: context.expand(state, step, value),
  }));
}

function formatPair({ key, value }: KeyValue): string {
  return `${key}=${value}`;
}

export function dispatchCmd(state: StageState, instruction: CmdInstruction): void {
  const args = commandArgs(state, instruction.command);
  state.image.config.Cmd = args;
  state.image.config.ArgsEscaped = true;
  state.isCmdSet = true;
  addHistory(state, `CMD ${goQuoteList(args)}`, "none");
}

/** ENTRYPOINT takes away a CMD that was inherited, but not one of the same stage. */
export function dispatchEntrypoint(state: StageState, instruction: EntrypointInstruction): void {
  const args = commandArgs(state, instruction.command);
  state.image.config.Entrypoint = args;
  if (!state.isCmdSet) delete state.image.config.Cmd;
  addHistory(state, `ENTRYPOINT ${goQuoteList(args)}`, "none");
}

/** The words to execute: the array of the exec form, or the shell with the text as its last argument. */
export function commandArgs(state: StageState, command: CommandLine): readonly string[] {
  return command.form === "exec" ? command.args : withShell(state, command.command);
}

export function withShell(state: StageState, text: string): readonly string[] {
  const shell = state.image.config.Shell ?? [];
  return [...(shell.length > 0 ? shell : ["/bin/sh", "-c"]), text];
}

export function dispatchShell(state: StageState, instruction: ShellInstruction): void {
  state.image.config.Shell = instruction.shell;
  addHistory(state, `SHELL ${goList(instruction.shell)}`, "none");
}

export function dispatchUser(
  context: ConvertContext,
  state: StageState,
  step: StepOf<UserInstruction>,
): void {
  const user = context.expand(state, step, step.instruction.user);
  state.image.config.User = user;
  addHistory(state, `USER ${user}`, "none");
}

export function dispatchVolume(
  context: ConvertContext,
  state: StageState,
  step: StepOf<VolumeInstruction>,
): void {
  const volumes = step.instruction.volumes.map((volume) => context.expand(state, step, volume));
  if (volumes.includes("")) throw context.error(step, "VOLUME specified can not be an empty string");
  add(state, "volumes", volumes);
  addHistory(state, `VOLUME ${goList(volumes)}`, "none");
}

export function dispatchStopSignal(
  context: ConvertContext,
  state: StageState,
  step: StepOf<StopSignalInstruction>,
): void {
  const signal = context.expand(state, step, step.instruction.signal);
  if (!isSignal(signal)) throw context.error(step, `invalid signal: ${signal}`);
  state.image.config.StopSignal = signal;
  addHistory(state, `STOPSIGNAL ${signal}`, "none");
}

export function dispatchMaintainer(state: StageState, instruction: MaintainerInstruction): void {
  state.image.author = instruction.maintainer;
  addHistory(state, `MAINTAINER ${instruction.maintainer}`, "none");
}

export function dispatchHealthcheck(state: StageState, instruction: HealthcheckInstruction): void {
  const { test, interval, timeout, startPeriod, startInterval, retries } = instruction.healthcheck;
  state.image.config.Healthcheck = {
    Test: test,
    Interval: interval,
    Timeout: timeout,
    StartPeriod: startPeriod,
    StartInterval: startInterval,
    Retries: retries,
  };
  const shown = [
    `Test:${goList(test)}`,
    `Interval:${goDuration(interval)}`,
    `Timeout:${goDuration(timeout)}`,
    `StartPeriod:${goDuration(startPeriod)}`,
    `StartInterval:${goDuration(startInterval)}`,
    `Retries:${retries}`,
  ];
  addHistory(state, `HEALTHCHECK {${shown.join(" ")}}`, "none");
}
