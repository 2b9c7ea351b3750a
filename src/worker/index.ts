export { startWorker, type StartWorkerOptions, type Worker } from "./client.ts";
export type { FirstWork } from "./worker-setup.ts";
export { probePlatforms, probeRunModes, type RunModeFinding } from "./probe-run-modes.ts";
export type {
  BindMount,
  ContextSource,
  FileActionsRequest,
  FileActionsResult,
  LayerId,
  LayerInfo,
  Once,
  PackedLayer,
  RunRequest,
  RunResult,
  StepLock,
  WorkerApi,
  WorkerLog,
  WorkerMount,
} from "./protocol.ts";
export { keepFilter } from "./step-filter.ts";
export { WorkerError } from "./worker-error.ts";
