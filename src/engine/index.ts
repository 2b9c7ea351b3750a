export type { Engine, SolveRequest, SolveResult, StepPlan } from "./engine.ts";
export { EngineError, type EngineErrorCode } from "./engine-error.ts";
export { EmbeddedEngine } from "./embedded/embedded-engine.ts";
export type { EmbeddedEngineOptions, FetchBlob, OpenedContext } from "./embedded/environment.ts";
export { imageStack } from "./image-stack.ts";
export { type Stack, stackIdentity, type StackLayer } from "./stack.ts";
export type {
  RemoteMount,
  RemoteMounts,
  RemoteResult,
  ResultSource,
  StepResult,
  VerifiedResult,
} from "./step-result.ts";
