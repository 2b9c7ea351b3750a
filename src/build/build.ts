import type { Store } from "../content/index.ts";
import { ImageStore, noteSizes, shownImage, type StoredRecord } from "../image/index.ts";
import type { BuildSummary } from "../progress/index.ts";
import type { Attester, AttesterOptions } from "./attest/attester.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { StoryTeller } from "./build-story.ts";
import { warnWithoutEpoch } from "./image-times.ts";
import { settingsOf, warnOfSettings } from "./image-settings.ts";
import { capCacheMounts } from "./cap-cache-mounts.ts";
import { checkInlineCache, wantsInlineCache } from "./inline-cache.ts";
import { withContext } from "./with-context.ts";
import { normaliseNewTag } from "./normalise-tag.ts";
import type { BuildEnvironment, BuildOptions, BuildResult, ImageSettings } from "./options.ts";
import { PreparedBuild, projectOf } from "./prepare-build.ts";
import { type DockerfileText, readDockerfile } from "./read-dockerfile.ts";
import { solvePlans } from "./solve-plans.ts";
import { writeStory } from "./story-file.ts";
import { danglingNames } from "./dangling-names.ts";
import { digestsOf, toStoredRecord } from "./to-stored-record.ts";
import { writeCaches } from "./write-caches.ts";
import { checkOutputs, writeOutputs } from "./write-outputs.ts";

/** Builds one target, stores its image under its names and writes the outputs asked for. Stages that the target does not need
 * are neither built nor pulled. Nothing is stored or written unless every step succeeded.
 * @throws {DockerfileError} | {BuildError} | {ContextError} | {EngineError} | {RegistryError} | {WorkerError} | …, each with the
 * Dockerfile's line where there is one */
export async function build(options: BuildOptions, environment: BuildEnvironment): Promise<BuildResult> {
  return await withContext(options, environment, (fetched) => buildAndTell(fetched, environment));
}

async function buildAndTell(options: BuildOptions, environment: BuildEnvironment): Promise<BuildResult> {
  const dockerfile = readDockerfile(options);
  const { contextDir } = options;
  const project = projectOf(options, dockerfile);
  const teller = new StoryTeller();
  const told = { dockerfile: dockerfile.name, ...(contextDir !== undefined && { contextDir }) };
  using _temp = environment.store.temp.hold(); // the story is written there too
  try {
    return await buildTarget(options, { ...environment, emit: teller.listen(environment.emit) }, dockerfile);
  } finally {
    const outcome = environment.signal.aborted ? "cancelled" : "failed";
    writeStory(environment.store, project, teller.tell(told, outcome));
  }
}

async function buildTarget(
  options: BuildOptions,
  environment: BuildEnvironment,
  dockerfile: DockerfileText,
): Promise<BuildResult> {
  const startedAtMs = Date.now();
  const { store, emit } = environment;
  const names = options.tags.map(normaliseNewTag);
  await checkOutputs(options, names);
  checkInlineCache(options, emit);
  await using prepared = await PreparedBuild.create(dockerfile, options, environment);
  const { plans, steps } = prepared;
  const { scanned, ...solved } = await solvePlans(prepared, options);
  const { epochSeconds } = plans[0]!;
  warnWithoutEpoch(epochSeconds, settingsOf(options), emit);
  warnOfSettings(options, emit);
  const attester = await createAttester({
    prepared,
    build: options,
    dockerfile,
    names,
    startedAtMs,
    scanned,
  });
  const built = {
    dockerfile: dockerfile.name,
    options,
    stacks: solved.stacks,
    attester,
    ...(wantsInlineCache(options) && { inlineResults: solved.results }),
  };
  const toRecord = (settings: ImageSettings) => toStoredRecord(prepared, { ...built, settings });
  const record = await toRecord(options.imageSettings ?? {});
  const written = await writeOutputs(toRecord, names, {
    options,
    steps,
    emit,
    signal: environment.signal,
    epochSeconds,
  });
  const storedNames = options.storeImage ? [...names, ...(await danglingNames(record, options, steps))] : [];
  const stored = options.storeImage ? storeImage(store, record, storedNames) : {};
  const digests = options.needDigest ? await digestsOf(record, steps) : {};
  if (options.cacheTo?.length) {
    const isPushed = options.outputs.some(({ type }) => type === "registry");
    await writeCaches(options.cacheTo, solved, { ...environment, steps, isPushed });
  }
  const result: BuildResult = {
    ...prepared.shared,
    stepsRun: solved.run.length,
    stepsCached: solved.cached.length,
    ...(options.verify && { verified: solved.verified }),
    names: storedNames,
    ...stored,
    ...digests,
    ...(attester && options.needDigest && { provenances: await attester.provenances() }),
    ...written.image,
    durationMs: Date.now() - startedAtMs,
  };
  emit({ kind: "build-completed", timeMs: Date.now(), summary: toSummary(result, written.outputs) });
  if (options.storeImage && solved.run.length > 0) noteSizes(store, shownImage(store, record));
  const { keepStorageBytes, cacheMountLimitBytes } = options;
  if (cacheMountLimitBytes !== undefined && solved.run.length > 0)
    await capCacheMounts(solved.cacheMounts, cacheMountLimitBytes, { steps, emit });
  if (keepStorageBytes !== undefined && solved.run.length > 0) await collectGarbage(steps, keepStorageBytes);
  return result;
}

/** Loaded only by a build that attests. */
async function createAttester(options: Omit<AttesterOptions, "attestations">): Promise<Attester | undefined> {
  const { attestations } = options.build;
  if (!attestations) return undefined;
  const { Attester } = await import("./attest/attester.ts");
  return new Attester({ ...options, attestations });
}

function storeImage(store: Store, record: StoredRecord, names: readonly string[]): { recordId: string } {
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
