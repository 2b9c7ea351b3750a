import type { Definition } from "../../llb/index.ts";
import { reachableStages, type StageGraph } from "../stages/index.ts";
import {
  applyBaseConfig,
  startFromContext,
  startFromImage,
  startFromScratch,
  startFromStage,
} from "./base-image.ts";
import { ConvertContext, imageKey } from "./convert-context.ts";
import { dispatchStep } from "./dispatch-step.ts";
import { formatEpoch, sourceDateEpoch } from "./epoch.ts";
import { draftConfig } from "./image-config.ts";
import { addTriggers } from "./onbuild.ts";
import type { ConvertOptions, ConvertResult, ImageConfigResolver } from "./options.ts";
import { resolveImages } from "./resolve-images.ts";
import { StageState } from "./stage-state.ts";
import { conversionWarnings } from "./warnings.ts";

/** Turns a target into a build graph and the config of its image. Only the stages that it needs are carried out, and only
 * their images are asked for.
 * @throws {DockerfileError} `UNSUPPORTED` where a needed stage asks for what is not carried out yet; `DOCKERFILE_STAGE`,
 * `DOCKERFILE_INSTRUCTION`, `DOCKERFILE_EXPANSION` with BuildKit's messages; and what the resolver throws. All with a location */
export async function convertTarget(
  graph: StageGraph,
  options: ConvertOptions,
  resolver: ImageConfigResolver,
): Promise<ConvertResult> {
  const epoch = sourceDateEpoch(graph) ?? (options.reproducible ? 0 : undefined);
  const context = new ConvertContext(graph, options, createStates(graph, options, epoch));
  const needed = await prepareStages(context, resolver);
  for (const state of context.states) {
    if (needed.has(state.node.index)) dispatchStage(context, state);
  }
  const target = context.states[graph.target]!;
  const definition = context.definition.build(target.vertex);
  const nameOf = (state: StageState) => state.node.displayName;
  return {
    definition,
    config: {
      ...draftConfig(target.image, options.labels ?? {}),
      ...(epoch !== undefined && { created: formatEpoch(epoch) }),
    },
    ...(epoch !== undefined && { epochSeconds: epoch }),
    baseImage: target.baseImage,
    localContexts: localContexts(definition),
    target: nameOf(target),
    stagesBuilt: context.states.filter((state) => needed.has(state.node.index)).map(nameOf),
    stagesSkipped: context.states.filter((state) => !needed.has(state.node.index)).map(nameOf),
    warnings: conversionWarnings(context, needed),
  };
}

function createStates(graph: StageGraph, options: ConvertOptions, epoch: number | undefined): StageState[] {
  // BuildKit counts what a file reads from as stages: only a file with a single one of all has nothing to tell apart.
  const readsOther = graph.stages.some((stage) =>
    stage.steps.some((step) => step.sources.some((source) => source.kind !== "stage")),
  );
  const hasLabels = graph.stages.length > 1 || readsOther;
  const filter = new Set(options.noCacheFilter?.map((name) => name.toLowerCase()));
  return graph.stages.map((node) => {
    const state = new StageState(node, {
      label: hasLabels ? node.displayName : "",
      epochSeconds: epoch,
      platform: (node.base.kind !== "scratch" && node.platform) || graph.platform,
    });
    state.ignoreCache = options.noCache === true || (node.name !== undefined && filter.has(node.name));
    return state;
  });
}

/** Resolves the images of the needed stages and adds the ONBUILD triggers that come with them, which may need further stages
 * and images. Returns the indices of the needed stages. */
async function prepareStages(
  context: ConvertContext,
  resolver: ImageConfigResolver,
): Promise<ReadonlySet<number>> {
  const prepared = new Set<number>();
  for (;;) {
    const needed = neededStages(context);
    const inFileOrder = [...needed].sort((a, b) => a - b);
    await resolveImages(context, inFileOrder, resolver);
    const fresh = inFileOrder.filter((index) => !prepared.has(index));
    if (fresh.length === 0) return needed;
    for (const index of fresh) {
      prepared.add(index);
      const state = context.states[index]!;
      startStage(context, state);
      if (!state.node.isReplaced) addTriggers(context, state);
    }
  }
}

function neededStages(context: ConvertContext): ReadonlySet<number> {
  return reachableStages(context.graph.target, (index) => {
    const { node, steps } = context.states[index]!;
    return [node.base, ...steps.flatMap((step) => step.sources)];
  });
}

function startStage(context: ConvertContext, state: StageState): void {
  const { base } = state.node;
  if (base.kind === "scratch") startFromScratch(state);
  if (base.kind === "context") startFromContext(context, state, base.context);
  if (base.kind === "image") {
    startFromImage(context, state, context.images.get(imageKey(base.reference, state.platform))!);
  }
}

function dispatchStage(context: ConvertContext, state: StageState): void {
  const { base } = state.node;
  if (base.kind === "stage") startFromStage(state, context.states[base.index]!);
  state.isDispatched = true;
  if (state.node.isReplaced) return;
  applyBaseConfig(state);
  for (const step of state.steps) dispatchStep(context, state, step);
}

function localContexts(definition: Definition): string[] {
  const scheme = "local://";
  return [...definition.vertices.values()].flatMap(({ op }) =>
    op.kind === "source" && op.identifier.startsWith(scheme) ? [op.identifier.slice(scheme.length)] : [],
  );
}
