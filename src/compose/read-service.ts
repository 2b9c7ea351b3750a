import { readFileSync } from "node:fs";
import path from "node:path";
import { isSamePlatform, parsePlatform } from "../oci/index.ts";
import { isErrno } from "../util/index.ts";
import { ComposeError } from "./compose-error.ts";
import type { Lookup } from "./interpolate.ts";
import { parseDotenv } from "./parse-dotenv.ts";
import { type Dependency, dependencyConditions, type RestartPolicy, type Service } from "./project.ts";
import { readBuild } from "./read-build.ts";
import {
  asBoolean,
  asKeyValues,
  asMap,
  asPlatform,
  asText,
  asTextList,
  fieldsOf,
  readForRunning,
  type Refuse,
} from "./read-nodes.ts";
import { readHealthcheck } from "./read-healthcheck.ts";
import { readPorts } from "./read-ports.ts";
import type { SecretDefinitions } from "./read-secrets.ts";
import { readVolumes } from "./read-volumes.ts";
import { splitWords } from "./split-words.ts";
import { errorAt, type YamlEntry, type YamlNode } from "./yaml-tree.ts";

const supported = [
  "build",
  "image",
  "platform",
  "container_name",
  "command",
  "entrypoint",
  "environment",
  "env_file",
  "volumes",
  "working_dir",
  "user",
  "depends_on",
  "network_mode",
  "ports",
  "profiles",
  "expose",
  "restart",
  "healthcheck",
];

/** These change how a service is built, or what it is. */
const unsupported = ["extends", "provider"];

/** Every other service key of the Compose specification. */
const ofRunning =
  `annotations attach blkio_config cap_add cap_drop cgroup cgroup_parent configs cpu_count cpu_percent cpu_period cpu_quota
  cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec deploy develop device_cgroup_rules devices dns dns_opt
  dns_search domainname external_links extra_hosts gpus group_add hostname init ipc isolation label_file
  labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models networks oom_kill_disable
  oom_score_adj pid pids_limit post_start pre_start pre_stop privileged pull_policy
  pull_refresh_after read_only runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal
  storage_opt sysctls tmpfs tty ulimits use_api_socket userns_mode uts volumes_from`.split(/\s+/);

export interface ServiceReading {
  readonly directory: string;
  readonly lookup: Lookup;
  readonly secrets: SecretDefinitions;
}

/** Reads one service. What is not carried out when it runs is noted in `refusals`, for its image can be built all the same.
 * @throws {ComposeError} with the place of what is wrong, or not carried out when it is built */
export function readService(name: string, entry: YamlEntry, reading: ServiceReading): Service {
  const where = `services.${name}`;
  const refusals: ComposeError[] = [];
  const refuse: Refuse = (error) => refusals.push(error);
  const later = { keys: ofRunning, refuse };
  const fields = fieldsOf(entry.value, { where, supported, unsupported, later });
  const field = <Value>(key: string, read: (value: YamlNode, what: string) => Value): Value | undefined => {
    const value = fields.get(key);
    return value && read(value, `${where}.${key}`);
  };
  const forRunning = <Value>(key: string, read: (value: YamlNode, what: string) => Value) =>
    readForRunning<Value | undefined>(refuse, () => field(key, read), undefined);
  const service: Service = {
    name,
    profiles: field("profiles", asTextList) ?? [],
    place: entry.key,
    ...defined(
      "build",
      field("build", (node, what) => readBuild(node, { where: what, ...reading })),
    ),
    ...defined("image", field("image", asText)),
    ...defined("platform", field("platform", asPlatform)),
    ...defined("containerName", field("container_name", asText)),
    ...defined("command", field("command", asCommand)),
    ...defined("entrypoint", field("entrypoint", asCommand)),
    environment: environmentOf(fields, where, reading),
    volumes: forRunning("volumes", (node, what) => readVolumes(node, what, reading.directory)) ?? [],
    ...defined("workingDir", field("working_dir", asText)),
    ...defined("user", field("user", asText)),
    dependsOn: field("depends_on", (node, what) => asDependencies(node, what, refuse)) ?? [],
    ...defined("healthcheck", field("healthcheck", readHealthcheck)),
    restart: field("restart", asRestartPolicy) ?? { condition: "no" },
    forwards: forRunning("ports", readPorts) ?? [],
    refusals,
  };
  forRunning("network_mode", checkNetworkMode);
  field("expose", asTextList);
  checkPlatforms(service);
  if (!service.build && service.image === undefined)
    throw errorAt(entry.key, `${where} has neither build nor image; one is needed`);
  return service;
}

function checkPlatforms({ name, place, platform, build }: Service): void {
  if (platform === undefined || !build || build.platforms.length === 0) return;
  if (build.platforms.some((each) => isSamePlatform(parsePlatform(each), parsePlatform(platform)))) return;
  throw errorAt(place, `services.${name}.build.platforms must include the service's platform "${platform}"`);
}

/** `{ [key]: value }`, or nothing: absent and undefined are two things here. */
function defined<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

/** A string is split into words, no shell runs; null is the image's own; an empty string or list clears it. */
function asCommand(node: YamlNode, what: string): readonly string[] | undefined {
  if (node.kind === "scalar" && node.value === null) return undefined;
  if (node.kind === "sequence") return node.items.map((item) => asText(item, `an item of ${what}`));
  try {
    return splitWords(asText(node, what));
  } catch (error) {
    if (error instanceof ComposeError) throw error;
    throw errorAt(node.place, `${what}: ${(error as Error).message}`);
  }
}

/** Files first, in order; `environment` beats them. A name without value passes the caller's variable through, or takes it away. */
function environmentOf(
  fields: ReadonlyMap<string, YamlNode>,
  where: string,
  { directory, lookup }: Pick<ServiceReading, "directory" | "lookup">,
): Record<string, string | null> {
  const environment = new Map<string, string | null>();
  const files = fields.get("env_file");
  if (files)
    for (const [name, value] of envFiles(files, `${where}.env_file`, { directory, lookup }))
      environment.set(name, value);
  const own = fields.get("environment");
  if (own && !(own.kind === "scalar" && own.value === null))
    for (const [name, value] of asKeyValues(own, `${where}.environment`))
      environment.set(name, value ?? lookup(name) ?? null);
  return Object.fromEntries(environment);
}

function envFiles(
  node: YamlNode,
  what: string,
  { directory, lookup }: Pick<ServiceReading, "directory" | "lookup">,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const item of node.kind === "sequence" ? node.items : [node]) {
    const { file, isRequired } = envFileOf(item, what);
    const text = readEnvFile(path.resolve(directory, file), { item, what, isRequired });
    if (text === undefined) continue;
    try {
      const parsed = parseDotenv(text, (name) => lookup(name) ?? values.get(name));
      for (const [name, value] of parsed) values.set(name, value);
    } catch (error) {
      throw errorAt(item.place, `${what}: "${file}": ${(error as Error).message}`);
    }
  }
  return values;
}

function envFileOf(node: YamlNode, what: string): { file: string; isRequired: boolean } {
  if (node.kind !== "map") return { file: asText(node, what), isRequired: true };
  const fields = fieldsOf(node, { where: what, supported: ["path", "required"], unsupported: ["format"] });
  const file = fields.get("path");
  if (!file) throw errorAt(node.place, `${what}: "path" is missing`);
  const required = fields.get("required");
  return {
    file: asText(file, `${what}.path`),
    isRequired: required ? asBoolean(required, `${what}.required`) : true,
  };
}

function readEnvFile(
  file: string,
  { item, what, isRequired }: { item: YamlNode; what: string; isRequired: boolean },
): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT") && !isRequired) return undefined;
    const reason = isErrno(error, "ENOENT") ? "no such file" : (error as Error).message;
    throw errorAt(item.place, `${what}: cannot read "${file}": ${reason}`, { code: "COMPOSE_NOT_FOUND" });
  }
}

function asDependencies(node: YamlNode, what: string, refuse: Refuse): readonly Dependency[] {
  const started = { condition: "service_started" } as const;
  if (node.kind === "sequence") return asTextList(node, what).map((service) => ({ service, ...started }));
  return [...asMap(node, what).entries].map(([service, { value }]) => {
    const read = () => ({ condition: asCondition(value, `${what}.${service}`) });
    return { service, ...readForRunning<Pick<Dependency, "condition">>(refuse, read, started) };
  });
}

function asCondition(node: YamlNode, where: string): Dependency["condition"] {
  const known = { where, supported: ["condition"], unsupported: ["required", "restart"] };
  const condition = fieldsOf(node, known).get("condition");
  const text = condition ? asText(condition, `${where}.condition`) : "";
  const found = dependencyConditions.find((each) => each === text);
  if (found) return found;
  throw errorAt(
    condition?.place ?? node.place,
    `${where}: "${text}" is no condition; those are ${dependencyConditions.join(", ")}`,
  );
}

/** Services share the host's network, so that is the mode that may be asked for. */
function checkNetworkMode(node: YamlNode, what: string): void {
  const mode = asText(node, what);
  if (mode !== "host")
    throw errorAt(node.place, `${what} "${mode}" is not supported yet: services share the host's network`, {
      code: "COMPOSE_UNSUPPORTED",
    });
}

function asRestartPolicy(node: YamlNode, what: string): RestartPolicy {
  const text = asText(node, what);
  const [, condition, maxRetries] =
    /^(no|false|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text) ?? [];
  if (condition === undefined || (maxRetries !== undefined && condition !== "on-failure"))
    throw errorAt(node.place, `${what}: "${text}" is none of no, always, unless-stopped and on-failure[:N]`);
  if (condition === "false") return { condition: "no" };
  return {
    condition: condition as RestartPolicy["condition"],
    ...(maxRetries !== undefined && { maxRetries: Number(maxRetries) }),
  };
}
