import { type CacheKey, cacheKey, type KeyParts } from "../../content/index.ts";
import type { Graph, Vertex, VertexDigest } from "../../llb/index.ts";
import type { EmitEvent } from "../../progress/index.ts";
import type { Session } from "../../session/index.ts";
import type { FirstWork, LayerId, WorkerApi } from "../../worker/index.ts";
import type { StackLayer } from "../stack.ts";
import type { StepResult, VerifiedResult } from "../step-result.ts";
import { type FoundStep, type MountedLayers, type StepRecords, toStackLayer } from "./step-records.ts";
import type { EmbeddedEngineOptions, Value } from "./environment.ts";
import { stepSlots } from "./key-parts.ts";
import type { MountRestorer } from "./mount-restorer.ts";
import type { SecretScan } from "./secret-scan.ts";
import type { LayerDirectories } from "./layer-directories.ts";
import { type MissReason, missReason, noCache } from "./miss-reason.ts";

/** What every operation of one solve shares. */
export interface SolveEnvironment {
  readonly options: EmbeddedEngineOptions;
  readonly definition: Graph;
  readonly emit: EmitEvent;
  readonly session: Session;
  readonly project: string;
  /** Only looking: nothing may be started to find out more. */
  readonly isPlan?: boolean;
  readonly records: StepRecords;
  readonly directories: LayerDirectories;
  /** @param firstWork what it is asked for, where it has to be started; default `files` */
  worker(firstWork?: FirstWork): Promise<WorkerApi>;
  /** Sends the output of the process `runId` to the step's log until the returned function is called. */
  captureLog(runId: string, vertex: Vertex): () => void;
  /** Keeps the output of the process `runId` for `captureLog`. */
  holdLog(runId: string): void;
  /** Why a step runs, for its events. */
  readonly reasons: Map<string, MissReason>;
  /** Present when recorded results are to be checked: how it went, by vertex. */
  readonly verified?: Map<VertexDigest, VerifiedResult>;
  readonly mounts: MountRestorer;
  readonly secretScan: SecretScan;
  /** Steps whose result another build made while this one was about to. */
  readonly shared: Set<string>;
  /** What steps made or found, by vertex. */
  readonly results: Map<VertexDigest, StepResult>;
}

/** The layer recorded under `key`, here or elsewhere, which is then the result of `vertex`.
 * @param alsoBy another key of the step, by which it is found the next time */
export async function findLayer(
  environment: SolveEnvironment,
  vertex: Vertex,
  { key, inputs, alsoBy }: { key: CacheKey; inputs: readonly Value[]; alsoBy?: KeyParts },
): Promise<StackLayer | undefined> {
  const { records } = environment;
  const found = records.find(key) ?? (await records.findRemote(key));
  if (!found) return undefined;
  const added = alsoBy && cacheKey(alsoBy);
  if (alsoBy && added !== undefined) records.addKey(key, added, alsoBy);
  const keys = added === undefined ? found.keys : [...found.keys, added];
  noteResult(environment, vertex, { ...found, keys }, inputs);
  return found.layer;
}

/** The layer that another build recorded under `key` since it was looked for, which is then the result of `vertex`. */
export function takeLayer(
  environment: SolveEnvironment,
  vertex: Vertex,
  { key, inputs }: { key: CacheKey; inputs: readonly Value[] },
): StackLayer | undefined {
  const found = environment.records.find(key);
  if (!found) return undefined;
  environment.shared.add(vertex.digest);
  noteResult(environment, vertex, found, inputs);
  return found.layer;
}

function noteResult(
  { results, definition }: SolveEnvironment,
  vertex: Vertex,
  found: FoundStep,
  inputs: readonly Value[],
): void {
  results.set(vertex.digest, {
    ...found,
    inputs: inputs.flatMap((input) => (input.kind === "stack" ? input.stack : [])),
    isCheap: isLocalCopy(definition, vertex),
  });
}

/** COPY, ADD and WORKDIR that read nothing but what is local. */
function isLocalCopy(definition: Graph, { op, inputs }: Vertex): boolean {
  if (op.kind !== "file") return false;
  return op.actions.every((action) => {
    const source = action.kind === "copy" ? definition.vertices.get(inputs[action.from]!)?.op : undefined;
    return !source || (source.kind === "source" && source.identifier.startsWith("local://"));
  });
}

/** Why steps run for which no recorded result is looked for. */
export function reasonsBefore({ vertices }: Graph): Map<string, MissReason> {
  const ignoring = [...vertices.values()].filter(({ metadata }) => metadata.ignoreCache);
  return new Map(ignoring.map(({ digest }) => [digest, noCache]));
}

/** Says why `vertex` runs; called when no recorded result was found. */
export function noteReason(
  environment: SolveEnvironment,
  vertex: Vertex,
  parts: KeyParts,
  inputs: readonly Value[],
): void {
  const { reasons, records, project, definition, options } = environment;
  const last = records.last(stepSlots(project, vertex));
  const parentRan = inputs.some((input) => input.kind === "stack" && input.ran);
  const now = {
    parts,
    baseImage: baseImageOf(definition, vertex),
    sourceImages: sourceImagesOf(definition, vertex),
  };
  const isUnsynced = last?.layer !== undefined && options.store.layers.isUnsynced(last.layer);
  const hasCaches = (options.resultSources?.length ?? 0) > 0;
  const { argNames } = vertex.metadata;
  reasons.set(vertex.digest, missReason(last, now, { parentRan, argNames, isUnsynced, hasCaches }));
}

/** The vertex whose tree a step changes; undefined for one that begins with an empty tree. */
export function baseOf({ op, inputs }: Vertex): VertexDigest | undefined {
  if (op.kind === "exec") return inputs[0];
  return op.kind === "file" ? inputs[op.base] : undefined;
}

/** `NAME@DIGEST` of the image that a step stands on itself. */
function baseImageOf(definition: Graph, vertex: Vertex): string | undefined {
  return imageOf(definition, baseOf(vertex));
}

/** `NAME@DIGEST` of the images that a COPY reads, by the part of its key; undefined when it reads none. */
function sourceImagesOf(definition: Graph, { op, inputs }: Vertex): KeyParts | undefined {
  if (op.kind !== "file") return undefined;
  const images = op.actions.flatMap((action, index) => {
    const image = action.kind === "copy" ? imageOf(definition, inputs[action.from]) : undefined;
    return image === undefined ? [] : [[`source ${index}`, image] as const];
  });
  return images.length > 0 ? Object.fromEntries(images) : undefined;
}

function imageOf({ vertices }: Graph, digest: VertexDigest | undefined): string | undefined {
  const source = digest && vertices.get(digest)?.op;
  if (source?.kind !== "source" || !source.identifier.startsWith("docker-image://")) return undefined;
  return source.identifier.slice("docker-image://".length);
}

/** Records a layer that `vertex` made, under every key it can be found by, and as the step's last run. It is written soon: see
 * `StepRecords.written`. */
export function recordLayer(
  environment: SolveEnvironment,
  vertex: Vertex,
  made: {
    layer: LayerId;
    identity: string;
    startedAtMs: number;
    keys: readonly (readonly [CacheKey, KeyParts])[];
    inputs: readonly Value[];
    mountedLayers?: MountedLayers;
  },
): StackLayer {
  const now = Date.now();
  const baseImage = baseImageOf(environment.definition, vertex);
  const sourceImages = sourceImagesOf(environment.definition, vertex);
  const facts = {
    layer: made.layer,
    identity: made.identity,
    createdAtMs: now,
    durationMs: now - made.startedAtMs,
    step: vertex.metadata.description,
    keys: made.keys.map(([key]) => key),
    project: environment.project,
    ...(vertex.metadata.stage && { stage: vertex.metadata.stage }),
    ...(baseImage !== undefined && { baseImage }),
    ...(sourceImages && { sourceImages }),
    ...(made.mountedLayers && { mountedLayers: made.mountedLayers }),
  };
  const { records, project } = environment;
  records.putMade(facts, { keys: made.keys, slots: stepSlots(project, vertex) });
  const layer = toStackLayer(facts);
  const { keys, durationMs } = facts;
  noteResult(environment, vertex, { keys, layer, durationMs }, made.inputs);
  return layer;
}
