import { CodedError } from "../../errors/index.ts";
import type { ExecOp, VertexDigest } from "../../llb/index.ts";
import type { DockerfileError } from "../dockerfile-error.ts";
import { heredocContent } from "../instructions/index.ts";
import type { Heredoc, RunInstruction } from "../instructions/instruction.ts";
import { tryParseHeredocWord } from "../parser/heredoc.ts";
import type { StepOf } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import { addHistory } from "./history.ts";
import { inlineFile, inlineFileDescription } from "./inline-file.ts";
import { InputList } from "./input-list.ts";
import { commandArgs, withShell } from "./metadata-instructions.ts";
import { proxyEnv } from "./proxy-env.ts";
import { type RunMounts, runMounts } from "./run-mounts.ts";
import type { StageState } from "./stage-state.ts";
import { nextStep } from "./step-name.ts";

type RunStep = StepOf<RunInstruction>;

/** RUN: one process over the stage's tree. */
export function dispatchRun(context: ConvertContext, state: StageState, step: RunStep): void {
  refuse(context, step);
  const inputs = new InputList();
  const root = inputs.add(state.vertex);
  const command = runCommand(context, state, step);
  const script = command.script && inputs.add(command.script);
  const mounts = runMounts(context, state, step, inputs);
  const { options } = context;
  const hostname = options.hostname ?? context.graph.buildArgs["BUILDKIT_SANDBOX_HOSTNAME"];
  const devices = findDevices(context, step);
  const op: ExecOp = {
    kind: "exec",
    args: command.args,
    env: commandEnv(state, mounts),
    cwd: state.workdir,
    user: state.image.config.User ?? "",
    mounts: [
      { type: "bind", dest: "/", input: root, readonly: false },
      ...(script === undefined
        ? []
        : [{ type: "bind", dest: scriptDir, input: script, readonly: true } as const]),
      ...mounts.mounts,
    ],
    network:
      step.instruction.network === "default" ? (options.network ?? "default") : step.instruction.network,
    security: step.instruction.security,
    ...(devices.length > 0 && { devices }),
    ...(hostname && { hostname }),
    ...(options.extraHosts?.length && { extraHosts: options.extraHosts }),
    ...(options.ulimits?.length && { ulimits: options.ulimits }),
    ...(options.shmSizeBytes && { shmSizeBytes: options.shmSizeBytes }),
    ...proxyEnv(context.graph.buildArgs),
    ...(mounts.secretEnv.length > 0 && { secretEnv: mounts.secretEnv }),
    platform: state.platform,
  };
  const metadata = nextStep(context, state, step, {
    text: step.instruction.original + command.summary,
    env: displayEnv(state, mounts),
    raw: true,
  });
  const variables = shownArgs(state);
  const argNames = [...state.argValues().keys()];
  state.vertex = context.definition.add(op, inputs.digests, { ...metadata, argNames });
  addHistory(state, ["RUN", ...variables, ...command.args].join(" "), "tree");
}

function refuse(context: ConvertContext, step: RunStep): void {
  const { network, security } = step.instruction;
  const { allow = {} } = context.options;
  if (network === "host" && !allow.networkHost) throw notAllowed(context, step, "network.host");
  if (security === "insecure" && !allow.insecure) throw notAllowed(context, step, "security.insecure");
}

function findDevices(context: ConvertContext, step: RunStep): readonly string[] {
  const { devices } = step.instruction;
  if (devices.length === 0) return [];
  const find = context.options.devices;
  if (!find) throw context.unsupported(step, "RUN --device in ONBUILD");
  try {
    return find(devices);
  } catch (error) {
    if (error instanceof CodedError) error.location ??= context.error(step, "").location;
    throw error;
  }
}

function notAllowed(context: ConvertContext, step: RunStep, privilege: string): DockerfileError {
  return context.error(step, `${privilege} is not allowed`, "DOCKERFILE_INSTRUCTION", {
    hint: `allow it with --allow ${privilege}`,
  });
}

const scriptDir = "/dev/pipes";

interface RunCommand {
  readonly args: readonly string[];
  /** A tree that holds the script of a heredoc that begins with `#!`. */
  readonly script?: VertexDigest;
  /** Put behind the instruction in the step's name. */
  readonly summary: string;
}

function runCommand(context: ConvertContext, state: StageState, step: RunStep): RunCommand {
  const { command, heredocs } = step.instruction;
  if (heredocs.length === 0 || command.form === "exec") {
    return { args: commandArgs(state, command), summary: "" };
  }
  if (!tryParseHeredocWord(command.command)) {
    return { args: withShell(state, rebuildText(command.command, heredocs)), summary: "" };
  }
  const heredoc = heredocs[0]!;
  const content = heredocContent(heredoc);
  const summary = ` (${summarize(heredoc.body)})`;
  // BuildKit looks before the tabs of `<<-` are removed.
  if (!heredoc.body.startsWith("#!")) return { args: withShell(state, content), summary };
  const script = context.definition.add(
    inlineFile(heredoc.name, content, 0o755),
    [],
    context.metadata(state, step, inlineFileDescription),
  );
  return { args: withShell(state, `${scriptDir}/${heredoc.name}`), script, summary };
}

/** A command with heredocs in it goes to the shell as it was written. */
function rebuildText(command: string, heredocs: readonly Heredoc[]): string {
  return [command, ...heredocs.map(({ body, name }) => `${body}${name}`)].join("\n");
}

/** First line of a heredoc, for the step's name. */
function summarize(body: string): string {
  const lines = body.trim().split(/\r?\n/);
  return lines.length > 1 ? `${lines[0]}...` : lines[0]!;
}

function commandEnv(state: StageState, { sshSocket }: RunMounts): string[] {
  const env = [...state.env].map(([key, value]) => `${key}=${value}`);
  return sshSocket === undefined || state.env.has("SSH_AUTH_SOCK")
    ? env
    : [...env, `SSH_AUTH_SOCK=${sshSocket}`];
}

/** What a step's name shows for variables: a secret's value is only hinted at. */
function displayEnv(state: StageState, mounts: RunMounts): ReadonlyMap<string, string> {
  return new Map([...state.env, ...mounts.secretEnv.map(({ name }) => [name, "****"] as const)]);
}

/** ARGs as history shows them before the command: `|2 foo=bar bar=123`. */
function shownArgs(state: StageState): string[] {
  const args = [...state.argValues()];
  const values = args.map(([key, value]) => `${key}=${state.env.get(key) ?? value ?? ""}`);
  return args.length === 0 ? [] : [`|${args.length}`, ...values];
}
