import { readIgnoreFile } from "../context/index.ts";
import {
  checkFrontend,
  type ConvertOptions,
  type ConvertResult,
  convertTarget,
  type ImageConfigResolver,
  type ParsedDockerfile,
  parseDockerfile,
  resolveStages,
  type StageOptions,
} from "../dockerfile/index.ts";
import { hostPlatform } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { NamedContextSpec } from "./named-context.ts";
import type { BuildOptions } from "./options.ts";
import type { DockerfileText } from "./read-dockerfile.ts";

export interface PlanEnvironment {
  readonly resolver: ImageConfigResolver;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** From text to build graph; warnings are emitted on the way.
 * @throws {DockerfileError} | {ContextError} | what the resolver throws */
export async function planBuild(
  text: DockerfileText,
  options: BuildOptions,
  environment: PlanEnvironment,
): Promise<ConvertResult> {
  const { dockerfile, stageOptions, convertOptions } = planInput(text, options, environment);
  const graph = resolveStages(dockerfile, stageOptions);
  const plan = await convertTarget(graph, convertOptions, environment.resolver);
  for (const diagnostic of plan.warnings) environment.emit({ kind: "warning", diagnostic });
  return plan;
}

/** What the stages of a file are resolved and converted with. */
export interface PlanInput {
  readonly dockerfile: ParsedDockerfile;
  readonly stageOptions: StageOptions;
  readonly convertOptions: ConvertOptions;
}

/** Parses a Dockerfile and reads its ignore file.
 * @throws {DockerfileError} | {ContextError} */
export function planInput(
  { text, name, path }: DockerfileText,
  options: BuildOptions,
  { emit, signal }: Pick<PlanEnvironment, "emit" | "signal">,
): PlanInput {
  const { target, buildArgs, contextDir, namedContexts, labels, noCache, noCacheFilter, network } = options;
  const remark = checkFrontend(text, { fileName: name, buildArgs });
  if (remark !== undefined) emit({ kind: "note", text: remark });
  const dockerfile = parseDockerfile(text, { fileName: name });
  const ignore = contextDir === undefined ? undefined : readIgnoreFile(contextDir, path);
  const convertOptions = {
    labels,
    noCache,
    contextIgnorePatterns: ignore?.patterns ?? [],
    namedContextIgnorePatterns: (context: string) => ignorePatternsOf(namedContexts?.get(context)),
    signal,
    ...(noCacheFilter && { noCacheFilter }),
    ...(network && { network }),
    ...(options.reproducible && { reproducible: true }),
  };
  const stageOptions = { target, buildArgs, platform: hostPlatform(), namedContexts };
  return { dockerfile, stageOptions, convertOptions };
}

/** A named context has an ignore file of its own; that of the Dockerfile is for the main one. */
function ignorePatternsOf(context: NamedContextSpec | undefined): readonly string[] {
  if (context?.kind !== "local") return [];
  return readIgnoreFile(context.directory)?.patterns ?? [];
}
