import { lstatSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BuildOptions, BuildResult } from "../build/index.ts";
import type { CliIo } from "./cli-io.ts";
import { type BuildFlags, toBuildOptions } from "./flags/build-options.ts";
import { progressMode } from "./flags/progress-mode.ts";
import { type Work, withProgress } from "./with-progress.ts";

/** One build: from plain options to its result, telling what it does. */
export type Builder = (options: BuildOptions, work: Work) => Promise<BuildResult>;

/** `slipway build`: builds, shows progress on standard error, and writes the files that were asked for. */
export async function runBuild(
  build: Builder,
  context: string,
  flags: BuildFlags,
  io: CliIo,
): Promise<BuildResult> {
  const options = await toBuildOptions(context, flags, io);
  const files = [flags.iidfile, flags.metadataFile].flatMap((file) =>
    file ? [path.resolve(io.cwd, file)] : [],
  );
  for (const file of files) removeOldAnswer(file);
  const result = await withProgress(flags, io, (work) => build(options, work));
  const id = result.configDigest ?? result.manifest?.digest;
  if (flags.iidfile && id) write(io.cwd, flags.iidfile, id);
  if (flags.metadataFile) write(io.cwd, flags.metadataFile, metadataText(result));
  if (progressMode(flags, io.env) === "quiet" && id && !usesStdout(options)) io.stdout.write(`${id}\n`);
  await requireSameResults(result);
  return result;
}

/** The image is there, of recorded results, but a check that found something has failed. */
async function requireSameResults({ verified = [] }: BuildResult): Promise<void> {
  const lines = verified.flatMap(({ step, difference }) =>
    difference ? [`\n  ${step}: ${difference.path}: ${difference.what}`] : [],
  );
  if (lines.length === 0) return;
  const { BuildError } = await import("../build/index.ts");
  const counted = `${lines.length} of ${verified.length} recorded steps`;
  throw new BuildError("RESULT_DIFFERS", `${counted} made something else when run again:${lines.join("")}`, {
    hint: "the image has the recorded results, which are kept; build with --no-cache-filter STAGE to replace them",
  });
}

/** A build that fails leaves no old answer behind; `/dev/stdout` and the like stay, of course. */
function removeOldAnswer(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile()) rmSync(file);
}

function usesStdout(options: BuildOptions): boolean {
  return options.outputs.some((output) => "dest" in output && output.dest === "-");
}

/** Keys that `docker build --metadata-file` writes, and what Slipway knows besides. */
function metadataText(result: BuildResult): string {
  const { configDigest, manifest, names, target, stagesBuilt, stagesSkipped } = result;
  const metadata = {
    ...provenanceMembers(result),
    ...(configDigest === undefined ? {} : { "containerimage.config.digest": configDigest }),
    ...(manifest === undefined
      ? {}
      : { "containerimage.descriptor": manifest, "containerimage.digest": manifest.digest }),
    ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
    "slipway.target": target,
    "slipway.stages.built": stagesBuilt,
    "slipway.stages.skipped": stagesSkipped,
    "slipway.steps.run": result.stepsRun,
    "slipway.steps.cached": result.stepsCached,
    "slipway.duration.ms": Math.round(result.durationMs),
  };
  return `${JSON.stringify(metadata, undefined, 2)}\n`;
}

/** As docker buildx has them: with the platform's name where there are several. */
function provenanceMembers({ provenances = {} }: BuildResult): Record<string, unknown> {
  const entries = Object.entries(provenances).map(([platform, predicate], _, { length }) => {
    return [`buildx.build.provenance${length === 1 ? "" : `/${platform}`}`, predicate] as const;
  });
  return Object.fromEntries(entries);
}

function write(cwd: string, file: string, text: string): void {
  writeFileSync(path.resolve(cwd, file), text);
}
