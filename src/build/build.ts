import type { Store } from "../content/index.ts";
import { configDigestOf, type ImageRecord, ImageStore } from "../image/index.ts";
import type { BuildSummary, EmitEvent } from "../progress/index.ts";
import { StoryTeller } from "./build-story.ts";
import { layerTimes, warnWithoutEpoch } from "./image-times.ts";
import { normaliseTag } from "./normalise-tag.ts";
import type { BuildEnvironment, BuildOptions, BuildResult } from "./options.ts";
import { PreparedBuild, projectOf } from "./prepare-build.ts";
import { type DockerfileText, readDockerfile } from "./read-dockerfile.ts";
import { writeStory } from "./story-file.ts";
import { toImageRecord } from "./to-image-record.ts";
import { writeCaches } from "./write-caches.ts";
import { writeOutputs } from "./write-outputs.ts";

/** Builds one target, stores its image under its names and writes the outputs asked for. Stages that the target does not need
 * are neither built nor pulled. Nothing is stored or written unless every step succeeded.
 * @throws {DockerfileError} | {BuildError} | {ContextError} | {EngineError} | {RegistryError} | {WorkerError} | …, each with the
 * Dockerfile's line where there is one */
export async function build(options: BuildOptions, environment: BuildEnvironment): Promise<BuildResult> {
  const dockerfile = readDockerfile(options);
  const { contextDir } = options;
  const project = projectOf(options, dockerfile);
  const teller = new StoryTeller();
  const told = { dockerfile: dockerfile.name, ...(contextDir !== undefined && { contextDir }) };
  try {
    return await buildTarget(options, { ...environment, emit: teller.listen(environment.emit) }, dockerfile);
  } finally {
    const outcome = environment.signal.aborted ? "cancelled" : "failed";
    writeStory(environment.store, project, teller.tell(told, outcome));
    environment.store.temp.close();
  }
}

async function buildTarget(
  options: BuildOptions,
  environment: BuildEnvironment,
  dockerfile: DockerfileText,
): Promise<BuildResult> {
  const startedAtMs = Date.now();
  const { store, emit } = environment;
  const names = options.tags.map(normaliseTag);
  await using prepared = await PreparedBuild.create(dockerfile, options, environment);
  const { plan, steps } = prepared;
  const solved = await steps.engine.solve(plan.definition, prepared.request);
  const { contextDir } = options;
  const { epochSeconds } = plan;
  warnWithoutEpoch(epochSeconds, options, emit);
  const origin = {
    target: plan.target,
    dockerfile: dockerfile.name,
    ...(contextDir !== undefined && { contextDir }),
  };
  const toRecord = async (rewrite: boolean) => {
    const times = layerTimes(epochSeconds, options, rewrite);
    const stack = times ? await steps.withDirectories(solved.stack) : solved.stack;
    return toImageRecord(plan, stack, { build: origin, times });
  };
  const record = await toRecord(options.rewriteTimestamp ?? false);
  const written = await writeOutputs(toRecord, names, { options, steps, epochSeconds });
  const stored = options.storeImage ? storeImage(store, record, names) : {};
  const digest = options.needDigest ? { configDigest: await configDigestOf(record, steps.packer) } : {};
  if (options.cacheTo?.length) await writeCaches(options.cacheTo, solved, { ...environment, steps });
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
