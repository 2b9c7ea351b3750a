import type { Vertex } from "../../llb/index.ts";
import type { EmitEvent } from "../../progress/index.ts";
import type { Session } from "../../session/index.ts";
import type { LayerId, WorkerApi } from "../../worker/index.ts";
import type { StackLayer } from "../stack.ts";
import { type StepRecords, toStackLayer } from "./step-records.ts";
import type { EmbeddedEngineOptions, Value } from "./environment.ts";
import { type CacheKey, type KeyParts, stepSlot } from "./key-parts.ts";
import type { LayerDirectories } from "./layer-directories.ts";
import { missReason } from "./miss-reason.ts";

/** What every operation of one solve shares. */
export interface SolveEnvironment {
  readonly options: EmbeddedEngineOptions;
  readonly emit: EmitEvent;
  readonly session: Session;
  readonly project: string;
  readonly records: StepRecords;
  readonly directories: LayerDirectories;
  worker(): Promise<WorkerApi>;
  /** Sends the output of the process `runId` to the step's log until the returned function is called. */
  captureLog(runId: string, vertex: Vertex): () => void;
  /** Why a step runs, for its events. */
  readonly reasons: Map<string, string>;
}

/** Says why `vertex` runs; called once, before it does. */
export function noteReason(
  environment: SolveEnvironment,
  vertex: Vertex,
  parts: KeyParts,
  inputs: readonly Value[],
): void {
  const parentRan = inputs.some((input) => input.kind === "stack" && input.ran);
  const last = environment.records.lastParts(stepSlot(environment.project, vertex));
  const reason = vertex.metadata.ignoreCache ? "no cache" : missReason(last, parts, parentRan);
  environment.reasons.set(vertex.digest, reason);
}

/** Records a layer that `vertex` made, under every key it can be found by, and as the step's last run. */
export function recordLayer(
  environment: SolveEnvironment,
  vertex: Vertex,
  made: {
    layer: LayerId;
    identity: string;
    startedAtMs: number;
    keys: readonly (readonly [CacheKey, KeyParts])[];
  },
): StackLayer {
  const now = Date.now();
  const facts = {
    layer: made.layer,
    identity: made.identity,
    createdAtMs: now,
    durationMs: now - made.startedAtMs,
    step: vertex.metadata.description,
  };
  for (const [key, parts] of made.keys) environment.records.put(key, { ...facts, parts });
  const [, parts] = made.keys[0]!;
  environment.records.putLast(stepSlot(environment.project, vertex), { ...facts, parts });
  return toStackLayer({ ...facts, parts });
}
