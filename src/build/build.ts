import type { Store } from "../content/index.ts";
import { configDigestOf, type ImageRecord, ImageStore } from "../image/index.ts";
import type { BuildSummary, EmitEvent } from "../progress/index.ts";
import { BuildError } from "./build-error.ts";
import { createBuildSession } from "./build-session.ts";
import { normaliseTag } from "./normalise-tag.ts";
import type { BuildOptions, BuildResult } from "./options.ts";
import { planBuild } from "./plan-build.ts";
import { readDockerfile } from "./read-dockerfile.ts";
import { defaultJobs, StepEngine } from "./step-engine.ts";
import { toImageRecord } from "./to-image-record.ts";
import { writeOutputs } from "./write-outputs.ts";

export interface BuildEnvironment {
  readonly store: Store;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** Builds one target, stores its image under its names and writes the outputs asked for. Stages that the target does not need
 * are neither built nor pulled. Nothing is stored or written unless every step succeeded.
 * @throws {DockerfileError} | {BuildError} | {ContextError} | {EngineError} | {RegistryError} | {WorkerError} | …, each with the
 * Dockerfile's line where there is one */
export async function build(options: BuildOptions, environment: BuildEnvironment): Promise<BuildResult> {
  const startedAtMs = Date.now();
  const { store, emit, signal } = environment;
  const names = options.tags.map(normaliseTag);
  const dockerfile = readDockerfile(options);
  const session = createBuildSession(options);
  const { localContexts } = session;
  await using steps = new StepEngine({ ...environment, pull: options.pull, localContexts });
  const plan = await planBuild(dockerfile, options, { ...environment, resolver: steps.resolver });
  const missing = plan.localContexts.find((name) => !localContexts.has(name));
  if (missing !== undefined) throw noContext();
  const { contextDir } = options;
  const solved = await steps.engine.solve(plan.definition, {
    session,
    project: `${contextDir ?? ""}\n${dockerfile.path ?? dockerfile.name}`,
    jobs: options.jobs ?? defaultJobs(),
    signal,
  });
  const record = toImageRecord(plan, solved.stack, {
    target: plan.target,
    dockerfile: dockerfile.name,
    ...(contextDir !== undefined && { contextDir }),
  });
  const written = await writeOutputs(record, names, { options, steps });
  const stored = options.storeImage ? storeImage(store, record, names) : {};
  const digest = options.needDigest ? { configDigest: await configDigestOf(record, steps.packer) } : {};
  const result: BuildResult = {
    target: plan.target,
    stagesBuilt: plan.stagesBuilt,
    stagesSkipped: plan.stagesSkipped,
    stepsRun: solved.run.length,
    stepsCached: solved.cached.length,
    names: options.storeImage ? names : [],
    ...stored,
    ...digest,
    ...written.image,
    durationMs: Date.now() - startedAtMs,
  };
  emit({ kind: "build-completed", timeMs: Date.now(), summary: toSummary(result, written.outputs) });
  return result;
}

function storeImage(store: Store, record: ImageRecord, names: readonly string[]): { recordId: string } {
  const images = new ImageStore(store);
  const recordId = images.putRecord(record);
  for (const name of names) images.setName(name, recordId);
  return { recordId };
}

function noContext(): BuildError {
  return new BuildError("CONTEXT_NOT_FOUND", "COPY and ADD need a build context, and there is none", {
    hint: "Give a directory: slipway build -f FILE DIRECTORY",
  });
}

function toSummary(result: BuildResult, outputs: readonly string[]): BuildSummary {
  const { target, durationMs, stepsRun, stepsCached, stagesBuilt, stagesSkipped, names } = result;
  return {
    target,
    outcome: "done",
    durationMs,
    stepsRun,
    stepsCached,
    stagesBuilt,
    stagesSkipped,
    names,
    outputs,
  };
}
