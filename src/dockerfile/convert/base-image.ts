import { nothingAdded, withVariables } from "./added-config.ts";
import { type ConvertContext, hasLayers, pinned } from "./convert-context.ts";
import { GrowingList } from "./growing-list.ts";
import type { ResolvedImage } from "./options.ts";
import { resolveWorkdir } from "./paths.ts";
import { setVariable, splitVariable } from "./set-variable.ts";
import type { StageState } from "./stage-state.ts";
import { numberStep } from "./step-name.ts";

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** FROM an image: its tree, config and history. */
export function startFromImage(context: ConvertContext, state: StageState, image: ResolvedImage): void {
  const { config } = image;
  state.baseImage = image;
  state.image = {
    architecture: config.architecture,
    os: config.os,
    ...(config["os.version"] !== undefined && { "os.version": config["os.version"] }),
    ...(config.variant !== undefined && { variant: config.variant }),
    ...(config.author !== undefined && { author: config.author }),
    config: { ...config.config },
    added: nothingAdded,
    history: GrowingList.of(config.history),
    historyLength: 0,
  };
  if (hasLayers(image)) {
    const { base, displayName: stage, location } = state.node;
    const number = numberStep(state, `FROM ${pinned(image)}`);
    const isNamed = base.kind === "image" && base.context !== undefined;
    const description = isNamed ? `[context ${base.context}] ${base.name}` : number;
    state.vertex = context.addImage(image, state.platform, { description, stage, location });
  }
}

/** FROM scratch: an empty tree, and `/` to work in. */
export function startFromScratch(state: StageState): void {
  state.image.config = { WorkingDir: "/" };
}

/** FROM a named context that is no image: its files are a layer, those of a directory a copy of them. A stage that it replaces gets no config. */
export function startFromContext(context: ConvertContext, state: StageState, name: string): void {
  if (!state.node.isReplaced) state.image.config = { WorkingDir: "/" };
  numberStep(state, "FROM");
  const { displayName: stage, location } = state.node;
  const source = context.namedContext(name);
  if (context.graph.namedContexts.get(name)?.kind === "fetched") {
    state.vertex = source;
    return;
  }
  const copy = {
    kind: "copy",
    from: 0,
    source: "/",
    dest: "/",
    followSymlink: false,
    copyDirContents: true,
    attemptUnpack: false,
    createDestPath: true,
    allowWildcard: false,
    allowEmptyWildcard: false,
  } as const;
  const description = `local source for ${name}`;
  const op = { kind: "file", base: -1, actions: [copy] } as const;
  state.vertex = context.definition.add(op, [source], { description, stage, location });
}

/** FROM an earlier stage: everything that it has made, but not its ONBUILD triggers. */
export function startFromStage(state: StageState, base: StageState): void {
  const { OnBuild: _, ...config } = base.image.config;
  state.image = { ...base.image, config, added: { ...base.image.added, triggers: nothingAdded.triggers } };
  state.platform = base.platform;
  state.vertex = base.vertex;
  state.baseImage = base.baseImage;
  state.inheritedArgs = base.argValues();
  state.env = new Map(base.env);
}

/** What every stage begins with: PATH is always set, and the config's environment and directory count. */
export function applyBaseConfig(state: StageState): void {
  const { config, added } = state.image;
  const env = config.Env ?? [];
  const hasPath = env.some((text) => splitVariable(text)[0] === "PATH");
  // what the stages below set again and again is gone through once
  config.Env = withVariables(hasPath ? env : [...env, defaultPath], added.env);
  state.image.added = { ...added, env: nothingAdded.env };
  for (const text of config.Env) setVariable(state.env, ...splitVariable(text));
  const workdir = state.image.config.WorkingDir;
  if (!workdir) return;
  state.image.config.WorkingDir = resolveWorkdir("/", workdir);
  state.workdir = state.image.config.WorkingDir;
}
