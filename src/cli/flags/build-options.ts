import {
  type Annotation,
  attestOf,
  type BuildOptions,
  type ImageSettings,
  type OutputSpec,
  parseAttestations,
  parseCacheFrom,
  parseCacheTo,
} from "../../build/index.ts";
import type { CliIo } from "../cli-io.ts";
import { UsageError } from "../usage-error.ts";
import { readContextInput } from "./context.ts";
import { parseKeyValues, parseLabels } from "./key-values.ts";
import { parseNamedContexts } from "./named-contexts.ts";
import { parseEngine } from "./parse-engine.ts";
import { parseAnnotations } from "./annotations.ts";
import { type ParsedOutput, parseOutputs } from "./parse-output.ts";
import { parseSecret } from "./parse-secret.ts";
import { parsePlatforms } from "./platform.ts";
import { type ProgressFlags, progressMode } from "./progress-mode.ts";
import { parseStepSettings, type StepFlags } from "./step-settings.ts";
import { storageLimits } from "./storage-limits.ts";

/** Values of `slipway build`'s options as commander leaves them. */
export interface BuildFlags extends ProgressFlags, StepFlags {
  readonly file?: string;
  readonly target?: string;
  readonly tag: readonly string[];
  readonly buildContext: readonly string[];
  readonly buildArg: readonly string[];
  readonly label: readonly string[];
  readonly cache: boolean;
  readonly cacheFilter: readonly string[];
  readonly pull?: boolean;
  readonly iidfile?: string;
  readonly metadataFile?: string;
  readonly output: readonly string[];
  readonly annotation?: readonly string[];
  readonly attest?: readonly string[];
  readonly provenance?: string;
  readonly sbom?: string;
  readonly push?: boolean;
  readonly load?: string;
  readonly network?: string;
  readonly secret: readonly string[];
  readonly platform: readonly string[];
  readonly jobs?: number;
  readonly cacheFrom?: readonly string[];
  readonly cacheTo?: readonly string[];
  readonly reproducible?: boolean;
  readonly frozen?: boolean;
  readonly verify?: boolean;
}

/** Turns the options of `slipway build` into those of a build. Reads standard input when the Dockerfile comes from there.
 * @throws {UsageError} */
export async function toBuildOptions(context: string, given: BuildFlags, io: CliIo): Promise<BuildOptions> {
  const flags = withoutEmpty(given);
  const platforms = parsePlatforms(flags.platform, io.env);
  const outputs = parseOutputs(flags.output, flags.push ?? false);
  const annotations = parseAnnotations(flags.annotation ?? []);
  const specs = withOwnNames(outputs, flags.tag).map((spec) => annotated(spec, annotations));
  if (flags.load !== undefined) specs.push({ type: "load", choice: parseEngine(flags.load) });
  checkStdout(specs, io);
  if (flags.verify && !flags.cache)
    throw new UsageError("Cannot use --verify with --no-cache: it compares with the cache");
  const contextInput = await readContextInput(context, flags.file, io);
  const tags = [...flags.tag, ...outputs.flatMap(({ names }) => names)];
  return {
    ...contextInput,
    ...(flags.buildContext.length === 0
      ? {}
      : { namedContexts: parseNamedContexts(flags.buildContext, io.cwd) }),
    ...(flags.target ? { target: flags.target } : {}),
    ...(platforms && { platforms }),
    tags,
    buildArgs: { ...epochOf(io.env), ...parseKeyValues("--build-arg", flags.buildArg, io.env) },
    labels: parseLabels(flags.label),
    noCache: !flags.cache,
    noCacheFilter: flags.cacheFilter.flatMap((stages) => stages.split(",")),
    pull: flags.pull ?? false,
    outputs: specs,
    ...(flags.network === undefined ? {} : { network: parseNetwork(flags.network) }),
    secrets: flags.secret.map((secret) => parseSecret(secret, io.env)),
    ...(flags.cacheFrom?.length && {
      cacheFrom: flags.cacheFrom.map((text) => parseCacheFrom(text, io.cwd)),
    }),
    ...(flags.cacheTo?.length && { cacheTo: flags.cacheTo.map((text) => parseCacheTo(text, io.cwd)) }),
    ...parseStepSettings(flags),
    storeImage: flags.load !== undefined || (isWanted(outputs) && keepsImage(specs, tags, outputs.length)),
    ...danglingNameOf(outputs),
    needDigest: Boolean(flags.quiet || flags.iidfile || flags.metadataFile || modeIsQuiet(flags, io.env)),
    ...storageLimits(io.env),
    ...attestationsOf(flags),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    ...(flags.frozen ? { frozen: true } : {}),
    ...(flags.reproducible ? { reproducible: true } : {}),
    ...(flags.verify ? { verify: true } : {}),
    ...storedSettings(outputs, annotations),
  };
}

/** As with docker buildx, an empty value of these says nothing: scripts give `--cache-from "$CACHE"`. Of the others it is an error. */
const mayBeEmpty: readonly (keyof BuildFlags)[] = [
  ...(["output", "cacheFrom", "cacheTo", "secret", "ssh", "allow", "addHost", "buildContext"] as const),
  ...(["cacheFilter", "annotation", "network", "file"] as const),
];

function withoutEmpty(flags: BuildFlags): BuildFlags {
  const changed = mayBeEmpty.flatMap((name): [string, unknown][] => {
    const value: unknown = flags[name];
    if (Array.isArray(value)) return [[name, value.filter((each) => each !== "")]];
    return value === "" ? [[name, undefined]] : [];
  });
  return { ...flags, ...(Object.fromEntries(changed) as Partial<BuildFlags>) };
}

/** A name that one output gives is not one of the others. */
function withOwnNames(outputs: readonly ParsedOutput[], tags: readonly string[]): OutputSpec[] {
  const isShared = outputs.every(({ names }) => names.length === 0);
  return outputs.flatMap(({ spec, names }) => {
    if (!spec) return [];
    const mayBeNamed = spec.type === "oci" || spec.type === "docker" || spec.type === "registry";
    return mayBeNamed && !isShared ? [{ ...spec, names: [...tags, ...names] }] : [spec];
  });
}

/** As docker buildx does: the variable of the caller is a build argument. */
function epochOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const value = env["SOURCE_DATE_EPOCH"];
  return value ? { SOURCE_DATE_EPOCH: value } : {};
}

/** `--provenance` and `--sbom` in the words of `--attest`. */
export function shortAttests({
  provenance,
  sbom,
}: {
  readonly provenance?: string;
  readonly sbom?: string;
}): readonly string[] {
  return [
    ...(provenance === undefined ? [] : [attestOf("provenance", provenance)]),
    ...(sbom === undefined ? [] : [attestOf("sbom", sbom)]),
  ];
}

function attestationsOf(flags: BuildFlags): Pick<BuildOptions, "attestations"> {
  const attestations = parseAttestations([...(flags.attest ?? []), ...shortAttests(flags)]);
  return attestations ? { attestations } : {};
}

/** As docker buildx does, `--annotation` is for all outputs, and there it counts more than their own attributes. */
function annotated(spec: OutputSpec, annotations: readonly Annotation[]): OutputSpec {
  const isImage = spec.type === "docker" || spec.type === "oci" || spec.type === "registry";
  if (!isImage || annotations.length === 0) return spec;
  return { ...spec, annotations: [...(spec.annotations ?? []), ...annotations] };
}

function storedSettings(
  outputs: readonly ParsedOutput[],
  annotations: readonly Annotation[],
): Pick<BuildOptions, "imageSettings"> {
  const settings = outputs.reduce<ImageSettings>((all, each) => ({ ...all, ...each.imageSettings }), {});
  if (annotations.length === 0) return Object.keys(settings).length === 0 ? {} : { imageSettings: settings };
  return { imageSettings: { ...settings, annotations: [...(settings.annotations ?? []), ...annotations] } };
}

function modeIsQuiet(flags: BuildFlags, env: NodeJS.ProcessEnv): boolean {
  return progressMode(flags, env) === "quiet";
}

/** `store=false` counts where no other image is to be stored. */
function isWanted(outputs: readonly ParsedOutput[]): boolean {
  const said = outputs.flatMap(({ isStored }) => (isStored === undefined ? [] : [isStored]));
  return said.length === 0 || said.includes(true);
}

function danglingNameOf(outputs: readonly ParsedOutput[]): Pick<BuildOptions, "danglingName"> {
  const danglingName = outputs.findLast((output) => output.danglingName)?.danglingName;
  return danglingName ? { danglingName } : {};
}

/** An image that goes elsewhere and has no name is not kept, nor is one that nobody asked for (`type=cacheonly`). */
function keepsImage(specs: readonly OutputSpec[], tags: readonly string[], outputCount: number): boolean {
  if (specs.some((spec) => spec.type === "cacheonly")) return false;
  return tags.length > 0 || outputCount === 0 || specs.length < outputCount;
}

function parseNetwork(name: string): "default" | "none" | "host" {
  if (name === "default" || name === "none" || name === "host") return name;
  throw new UsageError(`Cannot use network "${name}": unknown mode`, {
    hint: "modes are default, none, host",
  });
}

/** At most one output may be written to standard output, and binary data never to a terminal. */
function checkStdout(specs: readonly OutputSpec[], io: CliIo): void {
  const toStdout = specs.filter((spec) => "dest" in spec && spec.dest === "-");
  if (toStdout.length > 1) throw new UsageError("Cannot write two outputs to standard output");
  if (toStdout.length === 1 && io.stdout.isTTY)
    throw new UsageError(`Cannot write ${toStdout[0]!.type} output to a terminal`, {
      hint: "name a file with dest=FILE, or redirect standard output",
    });
}
