import type { Store } from "../content/index.ts";
import type { ConvertOptions, ImageConfigResolver, SourcePins } from "../dockerfile/index.ts";
import type { SourceOp } from "../llb/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import {
  type AskedImage,
  findPlans,
  keepPlans,
  type KeptPlans,
  type KnownImage,
  type PlanQuestion,
} from "./kept-plans.ts";
import type { BuildOptions } from "./options.ts";
import { parse, planOptions } from "./plan-input.ts";
import type { PlatformPlan } from "./platform-plan.ts";
import type { DockerfileText } from "./read-dockerfile.ts";

export interface PlanEnvironment {
  readonly store: Store;
  /** Names what is built between runs. */
  readonly project: string;
  readonly resolver: ImageConfigResolver;
  readonly knownImage: KnownImage;
  readonly pins?: SourcePins;
  readonly sourceTime?: ConvertOptions["sourceTime"];
  /** Refuses plans, which are not kept then. */
  readonly check: (plans: readonly PlatformPlan[]) => Promise<void>;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** From text to build graphs, one for each platform; warnings are emitted on the way, each once. What an earlier build asked in the
 * same way is not worked out again.
 * @throws {DockerfileError} | {ContextError} | {BuildError} `INVALID_ARGUMENT` | what the resolver and `check` throw */
export async function planBuild(
  text: DockerfileText,
  options: BuildOptions,
  environment: PlanEnvironment,
): Promise<readonly PlatformPlan[]> {
  const { store, emit, project, knownImage, check } = environment;
  const input = planOptions(text, options);
  const { platforms = [input.stageOptions.platform] } = options;
  const question = { dockerfile: text, platforms, project, ...input };
  const isPlain = dependsOnTextAndImages(text, options, environment);
  const before = isPlain ? findPlans(store, question, knownImage) : undefined;
  for (const note of before?.notes ?? []) emit({ kind: "note", text: note });
  const made: Converted = before ?? (await convert(question, options, environment));
  const { plans } = made;
  emitWarnings(plans, emit);
  noteUnknownStages(plans, options.noCacheFilter ?? [], emit);
  await check(plans);
  if (isPlain && !before && !made.asksForTime) keepPlans(store, question, made);
  return plans;
}

/** Is what the Dockerfile becomes settled by the question and the images that it names? */
function dependsOnTextAndImages(
  { text }: DockerfileText,
  { attestations, namedContexts, pull, remoteContext }: BuildOptions,
  { pins }: PlanEnvironment,
): boolean {
  const hasOtherSources = remoteContext !== undefined || (namedContexts?.size ?? 0) > 0 || pins !== undefined;
  return !hasOtherSources && !pull && !attestations && !asksForDevices(text);
}

function asksForDevices(text: string): boolean {
  return text.includes("--device");
}

interface Converted extends KeptPlans {
  /** Was the time of a source of the network asked for? */
  readonly asksForTime?: boolean;
}

async function convert(
  { dockerfile: text, platforms, stageOptions, convertOptions }: PlanQuestion,
  options: BuildOptions,
  { resolver, pins, emit, signal, sourceTime }: PlanEnvironment,
): Promise<Converted> {
  const images: AskedImage[] = [];
  const notes: string[] = [];
  let asksForTime = false;
  const dockerfile = await parse(text, options, (note) => {
    notes.push(note);
    emit({ kind: "note", text: note });
  });
  const lent = {
    signal,
    ...(pins && { pins }),
    sourceTime: async (source: SourceOp) => {
      asksForTime = true;
      return await sourceTime?.(source);
    },
    ...(await lendDevices(text, options)),
  };
  const { convertTarget, resolveStages } = await import("../dockerfile/index.ts");
  const plans = await Promise.all(
    platforms.map(async (platform): Promise<PlatformPlan> => {
      const graph = resolveStages(dockerfile, { ...stageOptions, platform });
      const result = await convertTarget(graph, { ...convertOptions, ...lent }, remember(resolver, images));
      return { ...result, platform };
    }),
  );
  return { plans, notes, images, asksForTime };
}

/** Writes down what is asked for. */
function remember(resolver: ImageConfigResolver, images: AskedImage[]): ImageConfigResolver {
  return {
    resolveImageConfig: async (reference, options) => {
      const image = await resolver.resolveImageConfig(reference, options);
      images.push({ reference, platform: options.platform, image });
      return image;
    },
  };
}

/** Few files ask for devices: the others are spared reading what the machine has. */
async function lendDevices(
  { text }: DockerfileText,
  { allow = {} }: BuildOptions,
): Promise<Pick<ConvertOptions, "devices">> {
  if (!asksForDevices(text)) return {};
  const { allowDevices, DeviceRegistry } = await import("../cdi/index.ts");
  const registry = DeviceRegistry.read();
  return { devices: (requests) => allowDevices(registry, requests, allow.devices ?? []) };
}

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
