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
  type SourcePins,
  type StageOptions,
} from "../dockerfile/index.ts";
import { hostPlatform, type Platform } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { NamedContextSpec } from "./named-context.ts";
import { isMultiPlatform } from "./multi-platform.ts";
import type { BuildOptions } from "./options.ts";
import type { DockerfileText } from "./read-dockerfile.ts";

export interface PlanEnvironment {
  readonly resolver: ImageConfigResolver;
  readonly pins?: SourcePins;
  readonly sourceTime?: ConvertOptions["sourceTime"];
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** The build of a target for one platform. */
export interface PlatformPlan extends ConvertResult {
  readonly platform: Platform;
}

/** From text to build graphs, one for each platform; warnings are emitted on the way, each once.
 * @throws {DockerfileError} | {ContextError} | {BuildError} `INVALID_ARGUMENT` | what the resolver throws */
export async function planBuild(
  text: DockerfileText,
  options: BuildOptions,
  environment: PlanEnvironment,
): Promise<readonly PlatformPlan[]> {
  const { dockerfile, stageOptions, convertOptions } = planInput(text, options, environment);
  const { platforms = [stageOptions.platform] } = options;
  const { resolver } = environment;
  const { pins, sourceTime } = environment;
  const lent = {
    ...(pins && { pins }),
    ...(sourceTime && { sourceTime }),
    ...(await lendDevices(text, options)),
  };
  const plans = await Promise.all(
    platforms.map(async (platform): Promise<PlatformPlan> => {
      const graph = resolveStages(dockerfile, { ...stageOptions, platform });
      return { ...(await convertTarget(graph, { ...convertOptions, ...lent }, resolver)), platform };
    }),
  );
  emitWarnings(plans, environment.emit);
  noteUnknownStages(plans, options.noCacheFilter ?? [], environment.emit);
  return plans;
}

/** Few files ask for devices: the others are spared reading what the machine has. */
async function lendDevices(
  { text }: DockerfileText,
  { allow = {} }: BuildOptions,
): Promise<Pick<ConvertOptions, "devices">> {
  if (!text.includes("--device")) return {};
  const { allowDevices, DeviceRegistry } = await import("../cdi/index.ts");
  const registry = DeviceRegistry.read();
  return { devices: (requests) => allowDevices(registry, requests, allow.devices ?? []) };
}

/** For questions that run nothing: every step has what it asks for. */
export const noDevices: Pick<ConvertOptions, "devices"> = { devices: () => [] };

/** A filter that names nothing would do nothing, unseen. */
function noteUnknownStages(plans: readonly PlatformPlan[], filter: readonly string[], emit: EmitEvent): void {
  const stages = new Set(
    plans
      .flatMap(({ stagesBuilt, stagesSkipped }) => [...stagesBuilt, ...stagesSkipped])
      .map((name) => name.toLowerCase()),
  );
  const unknown = filter.filter((name) => !stages.has(name.toLowerCase()));
  for (const name of new Set(unknown))
    emit({
      kind: "note",
      text: `--no-cache-filter names no stage of the Dockerfile: ${JSON.stringify(name)}`,
    });
}

function emitWarnings(plans: readonly PlatformPlan[], emit: EmitEvent): void {
  const warnings = plans.flatMap((plan) => plan.warnings);
  const byText = new Map(
    warnings.map((warning) => [`${warning.location?.range.startLine} ${warning.message}`, warning]),
  );
  for (const diagnostic of byText.values()) emit({ kind: "warning", diagnostic });
}

/** What the stages of a file are resolved and converted with, for the first platform. */
export interface PlanInput {
  readonly dockerfile: ParsedDockerfile;
  readonly stageOptions: StageOptions;
  readonly convertOptions: ConvertOptions;
}

/** Parses a Dockerfile and reads its ignore file.
 * @throws {DockerfileError} | {ContextError} | {BuildError} `INVALID_ARGUMENT` */
export function planInput(
  { text, name, path }: DockerfileText,
  options: BuildOptions,
  { emit, signal }: Pick<PlanEnvironment, "emit" | "signal">,
): PlanInput {
  const { target, buildArgs, contextDir, namedContexts, labels, noCache, noCacheFilter } = options;
  const { platforms } = options;
  const remark = checkFrontend(text, { fileName: name, buildArgs });
  if (remark !== undefined) emit({ kind: "note", text: remark });
  const dockerfile = parseDockerfile(text, { fileName: name });
  const ignore = contextDir === undefined ? undefined : readIgnoreFile(contextDir, path);
  const convertOptions = {
    labels,
    noCache,
    contextIgnorePatterns: ignore?.patterns ?? [],
    namedContextIgnorePatterns: (context: string) => ignorePatternsOf(namedContexts?.get(context)),
    isPlatformGiven: platforms !== undefined,
    showPlatform: isMultiPlatform(options),
    signal,
    ...(options.remoteContext?.kind === "fetched" && { mainContext: options.remoteContext.context }),
    ...(noCacheFilter && { noCacheFilter }),
    ...(options.reproducible && { reproducible: true }),
    ...stepSettings(options),
  };
  const buildPlatform = hostPlatform();
  const platform = platforms?.[0] ?? buildPlatform;
  return {
    dockerfile,
    stageOptions: { target, buildArgs, platform, buildPlatform, namedContexts },
    convertOptions,
  };
}

function stepSettings({ allow, network, extraHosts, ulimits, shmSizeBytes }: BuildOptions) {
  const { networkHost = false, insecure = false } = allow ?? {};
  return {
    // Who lends the host's network to every step allows it to each.
    allow: { networkHost: networkHost || network === "host", insecure },
    ...(network && { network }),
    ...(extraHosts && { extraHosts }),
    ...(ulimits && { ulimits }),
    ...(shmSizeBytes !== undefined && { shmSizeBytes }),
  };
}

/** A named context has an ignore file of its own; that of the Dockerfile is for the main one. */
function ignorePatternsOf(context: NamedContextSpec | undefined): readonly string[] {
  if (context?.kind !== "local") return [];
  return readIgnoreFile(context.directory)?.patterns ?? [];
}
