import type { Command } from "commander";
import { build, BuildError, type BuildOptions, StepEngine, targetsOfBuild } from "../build/index.ts";
import type { Store } from "../content/index.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import { didYouMean } from "../errors/index.ts";
import { ImageError, type ImageRecord, ImageStore, requireImage } from "../image/index.ts";
import type { CliIo } from "./cli-io.ts";
import { toBuildOptions } from "./flags/build-options.ts";
import { addInnerBuildOptions, type InnerBuildFlags } from "./flags/inner-build.ts";
import type { GlobalFlags } from "./open-images.ts";
import type { Work } from "./with-progress.ts";

/** Options that say where stages are looked for. */
export interface SubjectFlags extends GlobalFlags, InnerBuildFlags {
  readonly context: string;
}

/** An image to look at, its layers unpacked. */
export interface Subject {
  readonly title: string;
  readonly record: ImageRecord;
  /** Ids of its layers, bottom first. */
  readonly layers: readonly string[];
}

/** Adds the options of `SubjectFlags`. */
export function addSubjectOptions(command: Command): Command {
  return addInnerBuildOptions(
    command
      .option("--context <dir>", "Build context whose Dockerfile's stages may be named", ".")
      .option("-f, --file <file>", "Dockerfile (default: CONTEXT/Dockerfile)"),
  );
}

/** The image that a user means: a stage of the context's Dockerfile, which is built if it is stale, else an image of the store.
 * @param name undefined: the Dockerfile's last stage
 * @throws {ImageError} `IMAGE_NOT_FOUND`, and what a build throws */
export async function openSubject(
  name: string | undefined,
  { flags, io, store, work }: { flags: SubjectFlags; io: CliIo; store: Store; work: Work },
): Promise<Subject> {
  const options = await buildOptions(name, flags, io);
  const stages = await stagesOf(options, { store, ...work }, name);
  const isStage = name === undefined || stages.some((stage) => stage.toLowerCase() === name.toLowerCase());
  const record = isStage ? await buildStage(options, { store, work }) : findImage(name, stages, store);
  await using steps = new StepEngine({ store, ...work });
  return {
    title: name ?? record.build?.target ?? "image",
    record,
    layers: await steps.directoriesOf(record),
  };
}

async function buildOptions(name: string | undefined, flags: SubjectFlags, io: CliIo): Promise<BuildOptions> {
  const none = {
    tag: [],
    label: [],
    cache: true,
    cacheFilter: [],
    output: [],
    platform: [],
  };
  const { context, ...rest } = flags;
  return await toBuildOptions(context, { ...rest, ...none, ...(name !== undefined && { target: name }) }, io);
}

/** Names of the stages; none where there is no Dockerfile, or one that cannot be read while `name` is an image's. */
async function stagesOf(
  options: BuildOptions,
  environment: Parameters<typeof targetsOfBuild>[1],
  name: string | undefined,
): Promise<readonly string[]> {
  try {
    const { targets } = await targetsOfBuild(options, environment);
    return targets.flatMap((target) => target.name ?? []);
  } catch (error) {
    if (error instanceof BuildError && error.code === "DOCKERFILE_NOT_FOUND") return [];
    if (error instanceof DockerfileError && name !== undefined && isImage(name, environment.store)) return [];
    throw error;
  }
}

function isImage(name: string, store: Store): boolean {
  try {
    return Boolean(new ImageStore(store).find(name));
  } catch (error) {
    if (error instanceof ImageError) return false;
    throw error;
  }
}

function findImage(name: string, stages: readonly string[], store: Store): ImageRecord {
  try {
    return requireImage(store, new ImageStore(store).find(name), undefined);
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== "IMAGE_NOT_FOUND" || stages.length === 0)
      throw error;
    throw new ImageError("IMAGE_NOT_FOUND", `${error.message}, nor such a stage${didYouMean(name, stages)}`, {
      hint: `stages are ${stages.join(", ")}`,
    });
  }
}

async function buildStage(
  options: BuildOptions,
  { store, work }: { store: Store; work: Work },
): Promise<ImageRecord> {
  const { recordId = "" } = await build(options, { store, ...work });
  return requireImage(store, new ImageStore(store).find(recordId), undefined);
}
