import { readIgnoreFile } from "../context/index.ts";
import {
  checkFrontend,
  type ConvertResult,
  convertTarget,
  type ImageConfigResolver,
  parseDockerfile,
  resolveStages,
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
  { text, name, path }: DockerfileText,
  options: BuildOptions,
  { resolver, emit, signal }: PlanEnvironment,
): Promise<ConvertResult> {
  const { target, buildArgs, contextDir, namedContexts, labels, noCache, noCacheFilter, network } = options;
  const remark = checkFrontend(text, { fileName: name, buildArgs });
  if (remark !== undefined) emit({ kind: "note", text: remark });
  const dockerfile = parseDockerfile(text, { fileName: name });
  const platform = hostPlatform();
  const graph = resolveStages(dockerfile, { target, buildArgs, platform, namedContexts });
  const ignore = contextDir === undefined ? undefined : readIgnoreFile(contextDir, path);
  const converted = {
    labels,
    noCache,
    contextIgnorePatterns: ignore?.patterns ?? [],
    namedContextIgnorePatterns: (name: string) => ignorePatternsOf(namedContexts?.get(name)),
    signal,
    ...(noCacheFilter && { noCacheFilter }),
    ...(network && { network }),
    ...(options.reproducible && { reproducible: true }),
  };
  const plan = await convertTarget(graph, converted, resolver);
  for (const diagnostic of plan.warnings) emit({ kind: "warning", diagnostic });
  return plan;
}

/** A named context has an ignore file of its own; that of the Dockerfile is for the main one. */
function ignorePatternsOf(context: NamedContextSpec | undefined): readonly string[] {
  if (context?.kind !== "local") return [];
  return readIgnoreFile(context.directory)?.patterns ?? [];
}
