export { expandAt, expandForDisplay, expandHeredocAt, expandWordsAt } from "./expand-at.ts";
export { findContext } from "./named-contexts.ts";
export { resolveGlobalArgs } from "./global-args.ts";
export { reachableStages, stagesNeeded } from "./reachable-stages.ts";
export { resolveStages } from "./resolve-stages.ts";
export type {
  NamedContext,
  NamedContexts,
  StageBase,
  StageGraph,
  StageNode,
  StageOptions,
  StageStep,
  StepOf,
} from "./stage-graph.ts";
export { locateError, locationOf } from "./stage-location.ts";
export { type StepScope, stepSources } from "./step-sources.ts";
export { stageNames } from "./stage-names.ts";
