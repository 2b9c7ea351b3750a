import {
  type BuildOptions,
  parseCsvMap,
  type ImageSettings,
  type OutputSpec,
  type TreeSettings,
} from "../../build/index.ts";
import { UsageError } from "../usage-error.ts";
import { isGivenAnyway } from "./buildkit-attributes.ts";
import { epochOf, type OutputMap, imageKeys, imageSettings, isTrue } from "./image-settings.ts";

/** One `--output`: where the result goes, and names that the image gets there. `image` is the store itself. */
export interface ParsedOutput {
  readonly spec: OutputSpec | undefined;
  readonly names: readonly string[];
  /** Of the image that the store keeps. */
  readonly imageSettings?: ImageSettings;
  /** Set where the output says whether the store keeps the image. */
  readonly isStored?: boolean;
  readonly danglingName?: BuildOptions["danglingName"];
}

const pushKeys: readonly string[] = ["push-by-digest", "name-canonical", "registry.insecure", ...imageKeys];

/** Of what the store keeps. */
const storeKeys: readonly string[] = ["store", "dangling-name-prefix", "danging-name-empty-only"];

const treeKeys: readonly string[] = ["platform-split", "attestation-prefix", "source-date-epoch"];

const knownKeys: Record<string, readonly string[]> = {
  docker: ["type", "dest", "name", "tar", ...imageKeys],
  oci: ["type", "dest", "name", "tar", ...imageKeys],
  tar: ["type", "dest", ...treeKeys],
  local: ["type", "dest", "mode", ...treeKeys],
  cacheonly: ["type"],
  image: ["type", "name", "push", ...storeKeys, ...pushKeys],
  registry: ["type", "name", ...storeKeys, ...pushKeys],
};

/** Parses all `--output`. `--push` is said of those that are images; where none is, it is an output of its own.
 * @throws {UsageError} as `parseOutput` */
export function parseOutputs(texts: readonly string[], isPushed: boolean): readonly ParsedOutput[] {
  const outputs = texts.map((text) => parseOutput(text, isPushed));
  const isMissing = isPushed && !outputs.some(({ spec }) => spec?.type === "registry");
  return isMissing ? [...outputs, parseOutput("type=registry")] : outputs;
}

/** Parses one `--output` as Docker does: `type=…,dest=…`, a directory, or `-` for a tar on standard output.
 * @throws {UsageError} unknown type or attribute, missing destination */
export function parseOutput(text: string, isPushed = false): ParsedOutput {
  if (text === "-") return { spec: { type: "tar", dest: "-" }, names: [] };
  if (!text.includes("=")) return { spec: { type: "local", dest: text }, names: [] };
  const output: OutputMap = { text, map: parseCsvMap(text) };
  const type = output.map.get("type") ?? "";
  checkKeys(type, output);
  const names = namesOf(output);
  const settings = imageSettings(output);
  const spec = outputSpec(type, output, { settings, isPushed });
  return {
    spec,
    // What is pushed by its digest has names that are no tags.
    names: spec?.type === "registry" && spec.byDigest ? [] : names,
    ...(type === "image" && Object.keys(settings).length > 0 && { imageSettings: settings }),
    ...((type === "image" || type === "registry") && {
      isStored: isTrue("store", output, true),
      ...danglingNameOf(output),
    }),
  };
}

/** BuildKit has the name of the second attribute so. */
function danglingNameOf(output: OutputMap): Pick<ParsedOutput, "danglingName"> {
  const prefix = output.map.get("dangling-name-prefix");
  const isForUnnamed = isTrue("danging-name-empty-only", output, false);
  return prefix ? { danglingName: { prefix, isForUnnamed } } : {};
}

function namesOf({ map }: OutputMap): readonly string[] {
  return (map.get("name") ?? "").split(",").filter((name) => name !== "");
}

function checkKeys(type: string, output: OutputMap): void {
  const { map, text } = output;
  const known = knownKeys[type];
  if (!known) throw unknownType(type, text);
  const isImage = known.includes("compression");
  for (const key of map.keys()) {
    if (known.includes(key) || (isImage && /^annotation[-.[]/.test(key))) continue;
    if (isImage && isGivenAnyway(key, output)) continue;
    throw new UsageError(`Cannot use --output "${text}": type=${type} does not take "${key}"`, {
      code: "UNSUPPORTED_OPTION",
      hint: `it takes ${known.join(", ")}`,
    });
  }
}

function unknownType(type: string, text: string): UsageError {
  const types = Object.keys(knownKeys).join(", ");
  return new UsageError(
    type === ""
      ? `Cannot parse --output "${text}": "type" is missing`
      : `Cannot use --output "${text}": unknown type "${type}"`,
    { code: "UNSUPPORTED_OPTION", hint: `types are ${types}` },
  );
}

function outputSpec(
  type: string,
  output: OutputMap,
  { settings, isPushed }: { settings: ImageSettings; isPushed: boolean },
): OutputSpec | undefined {
  const dest = output.map.get("dest") ?? "";
  switch (type) {
    case "docker":
    case "oci":
      return { type, ...archiveDest(type, output), ...settings };
    case "tar":
      return { type, dest: dest || "-", ...treeSettings(output) };
    case "local":
      return { type, dest: directoryOf(output), ...treeSettings(output), ...modeOf(output) };
    case "cacheonly":
      return { type };
    case "registry":
      return registrySpec(output, settings);
    case "image":
      return isTrue("push", output, false) || isPushed ? registrySpec(output, settings) : undefined;
    default:
      return undefined;
  }
}

function archiveDest(type: "docker" | "oci", output: OutputMap): { dest: string; isLayout?: boolean } {
  if (isTrue("tar", output, true)) return { dest: output.map.get("dest") || "-" };
  if (type === "docker")
    throw new UsageError(`Cannot use --output "${output.text}": only an OCI image can be a directory`, {
      hint: "use type=oci,tar=false",
    });
  return { dest: directoryOf(output), isLayout: true };
}

function directoryOf({ map, text }: OutputMap): string {
  const dest = map.get("dest") ?? "";
  if (dest !== "" && dest !== "-") return dest;
  throw new UsageError(`Cannot use --output "${text}": a directory is needed as dest`);
}

function registrySpec(output: OutputMap, settings: ImageSettings): OutputSpec {
  return {
    type: "registry",
    ...(isTrue("push-by-digest", output, false) && { byDigest: { names: namesOf(output) } }),
    ...(isTrue("registry.insecure", output, false) && { isInsecure: true }),
    ...settings,
  };
}

function treeSettings(output: OutputMap): TreeSettings {
  const prefix = output.map.get("attestation-prefix");
  if (prefix?.includes("/"))
    throw new UsageError(
      `Cannot use --output "${output.text}": attestation-prefix is the start of a name, not a path`,
    );
  return {
    ...(output.map.has("platform-split") && { platformSplit: isTrue("platform-split", output, true) }),
    ...(prefix !== undefined && { attestationPrefix: prefix }),
    ...epochOf(output),
  };
}

function modeOf({ map, text }: OutputMap): { isMirror?: boolean } {
  const mode = map.get("mode") ?? "copy";
  if (mode === "copy") return {};
  if (mode === "delete") return { isMirror: true };
  throw new UsageError(`Cannot use --output "${text}": mode is copy or delete, not "${mode}"`);
}
