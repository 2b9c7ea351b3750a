import {
  attestOf,
  BuildError,
  type BuildOptions,
  parseAttestations,
  parseCacheFrom,
  parseCacheTo,
  addAllowance,
  parseHost,
  parseUlimit,
  type SshSpec,
} from "../build/index.ts";
import { parseBinarySize } from "../util/index.ts";
import { hostPath } from "./host-path.ts";
import { asBoolean, asKeyValues, asMap, asText, asTextList, fieldsOf } from "./read-nodes.ts";
import { readSecrets, type SecretDefinitions } from "./read-secrets.ts";
import { errorAt, type YamlNode } from "./yaml-tree.ts";

/** Keys of `build` that say how its steps are run and what they are lent. */
export const settingKeys: readonly string[] = [
  "cache_from",
  "cache_to",
  "entitlements",
  "extra_hosts",
  "privileged",
  "provenance",
  "sbom",
  "secrets",
  "shm_size",
  "ssh",
  "ulimits",
];

export type BuildSettings = Pick<
  BuildOptions,
  | "attestations"
  | "cacheFrom"
  | "cacheTo"
  | "allow"
  | "extraHosts"
  | "secrets"
  | "shmSizeBytes"
  | "ssh"
  | "ulimits"
>;

interface SettingsReading {
  readonly where: string;
  readonly directory: string;
  readonly secrets: SecretDefinitions;
}

/** Reads the keys of `settingKeys` by the rules of the command line's options.
 * @throws {ComposeError} with the place of what is wrong or not carried out */
export function readBuildSettings(
  fields: ReadonlyMap<string, YamlNode>,
  { where, directory, secrets }: SettingsReading,
): BuildSettings {
  const field = <Value>(key: string, read: (value: YamlNode, what: string) => Value): Value | undefined => {
    const value = fields.get(key);
    return value && read(value, `${where}.${key}`);
  };
  const allow = { ...field("entitlements", asEntitlements), ...field("privileged", asPrivileged) };
  const attests = (["provenance", "sbom"] as const).flatMap(
    (kind) => field(kind, (node, what) => asAttest(kind, node, what)) ?? [],
  );
  return withoutEmpty({
    attestations: parseAttestations(attests),
    cacheFrom: field("cache_from", (node, what) =>
      eachText(node, what, (text) => parseCacheFrom(text, directory, what)),
    ),
    cacheTo: field("cache_to", (node, what) =>
      eachText(node, what, (text) => parseCacheTo(text, directory, what)),
    ),
    allow: Object.keys(allow).length > 0 ? allow : undefined,
    extraHosts: field("extra_hosts", asHosts),
    secrets: field("secrets", (node, what) => readSecrets(node, what, secrets)),
    shmSizeBytes: field("shm_size", asByteSize),
    ssh: field("ssh", (node, what) => asSsh(node, what, directory)),
    ulimits: field("ulimits", asUlimits),
  });
}

function withoutEmpty(
  settings: { [Key in keyof BuildSettings]: BuildSettings[Key] | undefined },
): BuildSettings {
  const said = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as BuildSettings;
}

function eachText<Value>(node: YamlNode, what: string, read: (text: string) => Value): Value[] {
  const items = node.kind === "sequence" ? node.items : [node];
  return items.map((item) => atPlace(item, () => read(asText(item, `an item of ${what}`))));
}

/** Gives what is wrong with a value the value's place. */
function atPlace<Value>(node: YamlNode, read: () => Value, prefix = ""): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const { hint } = error;
    throw errorAt(node.place, prefix + error.message, hint === undefined ? {} : { hint });
  }
}

/** By the words of `--allow`. */
function asEntitlements(node: YamlNode, what: string): NonNullable<BuildOptions["allow"]> {
  const items = node.kind === "sequence" ? node.items : [node];
  return items.reduce<NonNullable<BuildOptions["allow"]>>(
    (allow, item) => atPlace(item, () => addAllowance(allow, asText(item, what)), `${what}: `),
    {},
  );
}

/** True, false, or attributes, as on the command line. */
function asAttest(kind: "provenance" | "sbom", node: YamlNode, what: string): string {
  const text = attestOf(kind, asText(node, what));
  atPlace(node, () => parseAttestations([text]), `${what}: `);
  return text;
}

function asPrivileged(node: YamlNode, what: string): NonNullable<BuildOptions["allow"]> {
  return asBoolean(node, what) ? { insecure: true } : {};
}

/** A list of `HOST=IP` and `HOST:IP`, or a mapping whose values may be lists. */
function asHosts(node: YamlNode, what: string): NonNullable<BuildOptions["extraHosts"]> {
  const hosts =
    node.kind === "sequence"
      ? node.items.map((item) => [item, asText(item, `an item of ${what}`)] as const)
      : [...asMap(node, what).entries].flatMap(([host, { value }]) =>
          asTextList(value, `${what}.${host}`).map((ip) => [value, `${host}=${ip}`] as const),
        );
  return hosts.map(([place, text]) => atPlace(place, () => parseHost(text), `${what}: `));
}

function asByteSize(node: YamlNode, what: string): number {
  const text = asText(node, what);
  const bytes = parseBinarySize(text);
  if (bytes === undefined) throw errorAt(node.place, `${what}: invalid size: '${text}'`);
  return bytes;
}

/** `default`, for the caller's agent, or an id with an agent's socket or a key. */
function asSsh(node: YamlNode, what: string, directory: string): SshSpec[] {
  return [...asKeyValues(node, what)].map(([id, value]) => {
    if (!value && id !== "default") throw errorAt(node.place, `${what}: invalid ssh key "${id}"`);
    return { id, paths: value ? [hostPath(value, directory)] : [] };
  });
}

/** A number, or `soft` and `hard`, by the limit's name. */
function asUlimits(node: YamlNode, what: string): NonNullable<BuildOptions["ulimits"]> {
  return [...asMap(node, what).entries].map(([name, { value }]) => {
    const where = `${what}.${name}`;
    const limits = value.kind === "map" ? softAndHard(value, where) : asText(value, where);
    return atPlace(value, () => parseUlimit(`${name}=${limits}`), `${what}: `);
  });
}

function softAndHard(node: YamlNode, where: string): string {
  const fields = fieldsOf(node, { where, supported: ["soft", "hard"], unsupported: [] });
  const [soft, hard] = ["soft", "hard"].map((name) => {
    const value = fields.get(name);
    if (!value) throw errorAt(node.place, `${where}: "${name}" is missing`);
    return asText(value, `${where}.${name}`);
  });
  return `${soft}:${hard}`;
}
