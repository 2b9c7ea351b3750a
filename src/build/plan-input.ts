import { readIgnoreFile } from "../context/index.ts";
import type { ConvertOptions, ParsedDockerfile, StageOptions } from "../dockerfile/index.ts";
import { hostPlatform } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { isMultiPlatform } from "./multi-platform.ts";
import type { NamedContextSpec } from "./named-context.ts";
import type { BuildOptions } from "./options.ts";
import type { DockerfileText } from "./read-dockerfile.ts";

/** What the stages of a file are resolved and converted with, for the first platform. */
export interface PlanOptions {
  readonly stageOptions: StageOptions;
  readonly convertOptions: ConvertOptions;
}

/** What a build asks of the conversion of its Dockerfile, its ignore file included.
 * @throws {ContextError} */
export function planOptions({ path }: Pick<DockerfileText, "path">, options: BuildOptions): PlanOptions {
  const { target, buildArgs, contextDir, namedContexts, labels, noCache, noCacheFilter } = options;
  const { platforms } = options;
  const ignore = contextDir === undefined ? undefined : readIgnoreFile(contextDir, path);
  const convertOptions = {
    labels,
    noCache,
    contextIgnorePatterns: ignore?.patterns ?? [],
    namedContextIgnorePatterns: (context: string) => ignorePatternsOf(namedContexts?.get(context)),
    isPlatformGiven: platforms !== undefined,
    showPlatform: isMultiPlatform(options),
    ...(options.remoteContext?.kind === "fetched" && { mainContext: options.remoteContext.context }),
    ...(noCacheFilter && { noCacheFilter }),
    ...(options.reproducible && { reproducible: true }),
    ...stepSettings(options),
  };
  const buildPlatform = hostPlatform();
  const platform = platforms?.[0] ?? buildPlatform;
  return {
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

export interface PlanInput extends PlanOptions {
  readonly dockerfile: ParsedDockerfile;
}

/** Parses a Dockerfile and reads its ignore file.
 * @throws {DockerfileError} | {ContextError} | {BuildError} `INVALID_ARGUMENT` */
export async function planInput(
  text: DockerfileText,
  options: BuildOptions,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<PlanInput> {
  const dockerfile = await parse(text, options, (note) => emit({ kind: "note", text: note }));
  const { stageOptions, convertOptions } = planOptions(text, options);
  return { dockerfile, stageOptions, convertOptions: { ...convertOptions, signal } };
}

/** @param note is told of a frontend that the file asks for in vain
 * @throws {DockerfileError} */
export async function parse(
  { text, name }: DockerfileText,
  { buildArgs }: Pick<BuildOptions, "buildArgs">,
  note: (text: string) => void,
): Promise<ParsedDockerfile> {
  const { checkFrontend, parseDockerfile } = await import("../dockerfile/index.ts");
  const remark = checkFrontend(text, { fileName: name, buildArgs });
  if (remark !== undefined) note(remark);
  return parseDockerfile(text, { fileName: name });
}

/** For questions that run nothing: every step has what it asks for. */
export const noDevices: Pick<ConvertOptions, "devices"> = { devices: () => [] };
