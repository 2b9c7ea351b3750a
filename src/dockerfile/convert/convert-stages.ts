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
import { addTriggers } from "./onbuild.ts";
import type { ConvertOptions, ImageConfigResolver } from "./options.ts";
import { resolveImages } from "./resolve-images.ts";
import { StageState } from "./stage-state.ts";

/** A conversion in which nothing was carried out yet.
 * @param epoch time of everything that is made, in seconds; undefined: when it is made */
export function createConversion(
  graph: StageGraph,
  options: ConvertOptions,
  epoch: number | undefined,
): ConvertContext {
  return new ConvertContext(graph, options, createStates(graph, options, epoch));
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
      showPlatform: options.showPlatform ?? false,
      platform: (node.base.kind !== "scratch" && node.platform) || graph.platform,
    });
    state.ignoreCache = options.noCache === true || (node.name !== undefined && filter.has(node.name));
    return state;
  });
}

/** Resolves the images of the needed stages and adds the ONBUILD triggers that come with them, which may need further stages
 * and images. Returns the indices of the needed stages. */
export async function prepareStages(
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
  if (context.options.allStages) return new Set(context.states.keys());
  return reachableStages([context.graph.target], (index) => {
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

/** Carries out the prepared stages, in file order. */
export function dispatchStages(context: ConvertContext, needed: ReadonlySet<number>): void {
  for (const state of context.states) {
    if (needed.has(state.node.index)) dispatchStage(context, state);
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
