import path from "node:path";
import type { Lookup } from "./interpolate.ts";
import type { ServiceBuild } from "./project.ts";
import { readBuildSettings, settingKeys } from "./read-build-settings.ts";
import { asBoolean, asKeyValues, asPlatform, asText, asTextList, fieldsOf } from "./read-nodes.ts";
import type { SecretDefinitions } from "./read-secrets.ts";
import { errorAt, toPlain, type YamlNode } from "./yaml-tree.ts";

const supported = [
  "additional_contexts",
  "context",
  "dockerfile",
  "dockerfile_inline",
  "target",
  "args",
  "labels",
  "tags",
  "network",
  "no_cache",
  "no_cache_filter",
  "pull",
  "platforms",
  ...settingKeys,
];
const unsupported = ["isolation"];

export interface BuildReading {
  readonly where: string;
  readonly directory: string;
  readonly lookup: Lookup;
  readonly secrets: SecretDefinitions;
}

/** Reads `build`: a context directory, or a mapping. */
export function readBuild(node: YamlNode, reading: BuildReading): ServiceBuild {
  const { where, directory, lookup } = reading;
  if (node.kind === "scalar") return { ...emptyBuild, context: contextOf(node, reading) };
  const fields = fieldsOf(node, { where, supported, unsupported });
  const field = <Value>(name: string, read: (value: YamlNode, what: string) => Value): Value | undefined => {
    const value = fields.get(name);
    return value && read(value, `${where}.${name}`);
  };
  const contextNode = fields.get("context");
  const context = contextNode ? contextOf(contextNode, reading) : directory;
  const target = field("target", asText);
  const network = field("network", asNetwork);
  return {
    context,
    additionalContexts:
      field("additional_contexts", (value, what) => additionalContexts(value, what, directory)) ?? {},
    dockerfile: dockerfileOf(fields, { where, context }),
    ...(target === undefined ? {} : { target }),
    platforms: field("platforms", asPlatforms) ?? [],
    args: Object.fromEntries(resolveFromEnvironment(field("args", asKeyValues) ?? new Map(), lookup)),
    labels: Object.fromEntries([...(field("labels", asKeyValues) ?? [])].map(([k, v]) => [k, v ?? ""])),
    tags: field("tags", asTextList) ?? [],
    ...(network === undefined ? {} : { network }),
    noCache: field("no_cache", asBoolean) ?? false,
    noCacheFilter: field("no_cache_filter", asTextList) ?? [],
    pull: field("pull", asBoolean) ?? false,
    settings: readBuildSettings(fields, { where, directory, secrets: reading.secrets }),
    written: writtenSettings(fields),
  };
}

function writtenSettings(fields: ReadonlyMap<string, YamlNode>): Readonly<Record<string, unknown>> {
  const written = settingKeys.flatMap((key) => {
    const value = fields.get(key);
    return value ? [[key, toPlain(value)]] : [];
  });
  return Object.fromEntries(written);
}

function asPlatforms(node: YamlNode, what: string): readonly string[] {
  if (node.kind !== "sequence") throw errorAt(node.place, `${what} must be a list`);
  return node.items.map((item) => asPlatform(item, `an item of ${what}`));
}

const emptyBuild: Omit<ServiceBuild, "context"> = {
  platforms: [],
  additionalContexts: {},
  dockerfile: { kind: "file", path: undefined },
  args: {},
  labels: {},
  tags: [],
  noCache: false,
  noCacheFilter: [],
  pull: false,
  settings: {},
  written: {},
};

function contextOf(node: YamlNode, { where, directory }: BuildReading): string {
  const text = asText(node, `${where}.context`);
  if (text.startsWith("service:"))
    throw errorAt(
      node.place,
      `${where}.context "${text}" is no directory and no URL; additional_contexts may name a service`,
    );
  return isUrl(text) ? text : path.resolve(directory, text);
}

/** Does a context come from the network? */
export function isUrl(text: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^[\w-]+@[\w.-]+:|^github\.com\//i.test(text);
}

/** A name with a directory, which is relative to the project's, or with what `--build-context` takes, or with `service:NAME`. */
function additionalContexts(
  node: YamlNode,
  what: string,
  directory: string,
): Readonly<Record<string, string>> {
  const contexts = [...asKeyValues(node, what)].map(([name, value]) => {
    if (!value) throw errorAt(node.place, `${what} has no value for "${name}"`);
    const isPath = !isUrl(value) && !/^(?:docker-image|oci-layout|target|service):/.test(value);
    return [name, isPath ? path.resolve(directory, value) : value];
  });
  return Object.fromEntries(contexts);
}

/** A Dockerfile's path is relative to the context, in one of the network to its root. */
function dockerfileOf(
  fields: ReadonlyMap<string, YamlNode>,
  { where, context }: { where: string; context: string },
): ServiceBuild["dockerfile"] {
  const file = fields.get("dockerfile");
  const inline = fields.get("dockerfile_inline");
  if (file && inline)
    throw errorAt(inline.place, `${where} has both dockerfile and dockerfile_inline; one is needed`);
  if (inline) return { kind: "inline", text: asText(inline, `${where}.dockerfile_inline`) };
  const name = file && asText(file, `${where}.dockerfile`);
  return { kind: "file", path: name === undefined || isUrl(context) ? name : path.resolve(context, name) };
}

function asNetwork(node: YamlNode, what: string): "default" | "none" | "host" {
  const text = asText(node, what);
  if (text === "default" || text === "none" || text === "host") return text;
  throw errorAt(node.place, `${what} "${text}" is not supported yet; default, none and host are`, {
    code: "COMPOSE_UNSUPPORTED",
  });
}

/** A name without value takes it from the environment and is left out where that has none. */
export function* resolveFromEnvironment(
  pairs: ReadonlyMap<string, string | null>,
  lookup: Lookup,
): Generator<[string, string]> {
  for (const [name, value] of pairs) {
    const resolved = value ?? lookup(name);
    if (resolved !== undefined) yield [name, resolved];
  }
}
