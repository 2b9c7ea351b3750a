import { posix } from "node:path";
import type { ExecOp, Mount } from "../../llb/index.ts";
import { quoteGo } from "../go-text.ts";
import { parseMount, type RunMount } from "../instructions/index.ts";
import type { RunInstruction } from "../instructions/instruction.ts";
import type { StepOf } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import type { InputList } from "./input-list.ts";
import { cleanPath, resolveSource } from "./paths.ts";
import type { StageState } from "./stage-state.ts";

type RunStep = StepOf<RunInstruction>;

export interface RunMounts {
  /** Trees, caches and tmpfs by destination, so that what lies inside another comes after it; then secrets and sockets. */
  readonly mounts: readonly Mount[];
  readonly secretEnv: NonNullable<ExecOp["secretEnv"]>;
  /** Where the first ssh agent's socket is, for `SSH_AUTH_SOCK`. */
  readonly sshSocket: string | undefined;
}

/** The `--mount`s of a RUN, their values expanded.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` */
export function runMounts(
  context: ConvertContext,
  state: StageState,
  step: RunStep,
  inputs: InputList,
): RunMounts {
  const trees: Mount[] = [];
  const secrets: Mount[] = [];
  const sockets: Mount[] = [];
  const secretEnv: { id: string; name: string; required: boolean }[] = [];
  step.instruction.mounts.forEach((text, index) => {
    const mount = parse(context, state, step, text);
    if (mount.type === "secret") {
      const id = mount.source || mount.id || posix.basename(mount.target);
      if (mount.env) secretEnv.push({ id, name: mount.env, required: mount.required });
      if (!mount.env || mount.target) secrets.push(secretMount(state, mount, id));
    } else if (mount.type === "ssh") {
      if (mount.source) throw context.error(step, "ssh does not support source");
      sockets.push(sshMount(state, mount, sockets.length));
    } else {
      trees.push(treeMount(context, state, { step, mount, index, inputs }));
    }
  });
  trees.sort((a, b) => (a.dest < b.dest ? -1 : a.dest > b.dest ? 1 : 0));
  return { mounts: [...trees, ...secrets, ...sockets], secretEnv, sshSocket: sockets[0]?.dest };
}

function parse(context: ConvertContext, state: StageState, step: RunStep, text: string): RunMount {
  return context.locate(step, () => parseMount(text, (word) => context.expand(state, step, word)));
}

interface TreeMount {
  readonly step: RunStep;
  readonly mount: RunMount;
  readonly index: number;
  readonly inputs: InputList;
}

function treeMount(context: ConvertContext, state: StageState, tree: TreeMount): Mount {
  const { step, mount } = tree;
  const dest = absolute(state, mount.target);
  if (dest === "/") throw context.error(step, `invalid mount target ${quoteGo(dest)}`);
  if (mount.type === "tmpfs") {
    return { type: "tmpfs", dest, ...(mount.sizeBytes && { sizeBytes: mount.sizeBytes }) };
  }
  const input = mountInput(context, tree);
  const source = resolveSource(mount.source ?? "");
  const selector = source === "/" ? {} : { selector: source };
  if (mount.type === "bind") return { type: "bind", dest, input, ...selector, readonly: mount.readonly };
  const namespace = context.graph.buildArgs["BUILDKIT_CACHE_MOUNT_NS"] ?? "";
  return {
    type: "cache",
    dest,
    id: `${namespace}/${mount.id || cleanPath(mount.target)}`,
    sharing: mount.sharing ?? "shared",
    input,
    ...selector,
    mode: mount.mode ?? 0o755,
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
    readonly: mount.readonly,
  };
}

/** What a bind mount shows, and what a cache begins with: a stage or image, or else the build context and nothing. */
function mountInput(context: ConvertContext, { step, mount, index, inputs }: TreeMount): number {
  if (!mount.from && mount.type === "bind") return inputs.add(context.mainContext());
  const source = step.sources[index]!;
  if (source.kind === "stage" && !context.states[source.index]!.isDispatched) {
    const message = `cannot mount from stage ${quoteGo(mount.from ?? "")} to ${quoteGo(mount.target)}, stage needs to be defined before current command`;
    throw context.error(step, message, "DOCKERFILE_STAGE");
  }
  return inputs.add(context.sourceTree(source));
}

function secretMount(state: StageState, mount: RunMount, id: string): Mount {
  return {
    type: "secret",
    dest: absolute(state, mount.target || `/run/secrets/${posix.basename(id)}`),
    id,
    mode: mount.mode ?? 0o400,
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
    required: mount.required,
  };
}

function sshMount(state: StageState, mount: RunMount, index: number): Mount {
  return {
    type: "ssh",
    dest: absolute(state, mount.target || `/run/buildkit/ssh_agent.${index}`),
    id: mount.id || "default",
    mode: mount.mode ?? 0o600,
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
    required: mount.required,
  };
}

function absolute(state: StageState, path: string): string {
  return cleanPath(path.startsWith("/") ? path : posix.join("/", state.workdir, path));
}
