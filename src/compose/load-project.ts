import path from "node:path";
import { didYouMean } from "../errors/index.ts";
import { ComposeError } from "./compose-error.ts";
import { wordsOf } from "./environment.ts";
import { interpolate, InterpolationError, type Lookup } from "./interpolate.ts";
import { mergeTrees } from "./merge-trees.ts";
import { activeServices, readProfiles } from "./profiles.ts";
import { findProjectFiles, type ProjectFilesOptions, readComposeFile } from "./project-files.ts";
import { type ComposeVolume, contextService, type Project, type Service } from "./project.ts";
import { asMap, asText, fieldsOf, type Refuse } from "./read-nodes.ts";
import { SecretDefinitions } from "./read-secrets.ts";
import { readVolumeDefinitions } from "./read-volume-definitions.ts";
import { readService, type ServiceReading } from "./read-service.ts";
import { errorAt, type Place, type YamlMap, type YamlNode } from "./yaml-tree.ts";

export interface LoadOptions extends ProjectFilesOptions {
  /** `-p`. */
  readonly projectName?: string;
  /** `--profile`; empty: those of `COMPOSE_PROFILES`. */
  readonly profiles?: readonly string[];
  /** Services that the command line names, which activates their profiles. */
  readonly named?: readonly string[];
}

/** Loads a Compose project: finds its files, replaces variables, merges, and checks what Slipway does not carry out; of what
 * matters only to services that run it takes note (`checkRunnable`). Services of profiles that are not active are no part of it, and what they ask for is not checked.
 * @throws {ComposeError} with file, line and column of the first problem */
export function loadProject(options: LoadOptions): Project {
  const { files, directory, environment } = findProjectFiles(options);
  const { lookup } = environment;
  const unset = new Set<string>();
  const trees = files.map((file) => interpolateTree(readComposeFile(file, options.cwd), lookup, unset));
  const tree = asMap(
    trees.reduce((base, over) => mergeTrees(base, over)),
    "the file",
  );
  const refusals: ComposeError[] = [];
  const refuse: Refuse = (error) => refusals.push(error);
  const fields = fieldsOf(tree, {
    where: "the file",
    supported: ["version", "name", "services", "secrets", "volumes"],
    unsupported: ["include"],
    later: { keys: ["networks", "configs", "models"], refuse },
  });
  const secrets = new SecretDefinitions(fields.get("secrets"), { directory, lookup });
  const all = servicesOf(fields.get("services"));
  const profiles = readProfiles(all);
  const active = activeServices(profiles, {
    active: options.profiles?.length ? options.profiles : wordsOf(lookup("COMPOSE_PROFILES")),
    named: options.named ?? [],
  });
  const services = readServices(all, active, { directory, lookup, secrets });
  checkDependencies(services, profiles);
  const nameNode = fields.get("name");
  const name = projectName(options, nameNode && asText(nameNode, "name"), { directory, lookup });
  const volumesNode = fields.get("volumes");
  const volumes = volumesNode
    ? readVolumeDefinitions(volumesNode, { projectName: name, refuse })
    : new Map<string, ComposeVolume>();
  checkVolumes(services, volumes);
  return {
    name,
    directory,
    files,
    services,
    profiles: [...new Set([...profiles.values()].flat())].sort(),
    volumes,
    secrets: secrets.written(),
    warnings: [...unset].map(
      (variable) => `The "${variable}" variable is not set. Defaulting to a blank string`,
    ),
    refusals,
  };
}

/** Variables in values, never in keys. */
function interpolateTree(node: YamlNode, lookup: Lookup, unset: Set<string>): YamlNode {
  if (node.kind === "map") {
    const entries = [...node.entries].map(
      ([name, { key, value }]) => [name, { key, value: interpolateTree(value, lookup, unset) }] as const,
    );
    return { ...node, entries: new Map(entries) };
  }
  if (node.kind === "sequence")
    return { ...node, items: node.items.map((item) => interpolateTree(item, lookup, unset)) };
  if (typeof node.value !== "string") return node;
  try {
    return { ...node, value: interpolate(node.value, lookup, (name) => unset.add(name)) };
  } catch (error) {
    if (error instanceof InterpolationError) throw errorAt(node.place, error.message);
    throw error;
  }
}

function servicesOf(node: YamlNode | undefined): YamlMap {
  if (!node) throw new ComposeError("COMPOSE_INVALID", "The file has no services");
  const services = asMap(node, "services");
  for (const [name, { key }] of services.entries) {
    if (!/^[a-zA-Z0-9._-]+$/.test(name))
      throw errorAt(key, `"${name}" is no name for a service: letters, digits, ".", "_" and "-" are allowed`);
  }
  return services;
}

function readServices(
  { entries }: YamlMap,
  active: ReadonlySet<string>,
  reading: ServiceReading,
): Map<string, Service> {
  const chosen = [...entries].filter(([name]) => active.has(name));
  return new Map(chosen.map(([name, entry]) => [name, readService(name, entry, reading)]));
}

function checkDependencies(
  services: ReadonlyMap<string, Service>,
  profiles: ReadonlyMap<string, readonly string[]>,
): void {
  for (const { name, place, dependsOn, build } of services.values()) {
    const missing = dependsOn.find(({ service }) => !services.has(service))?.service;
    if (missing !== undefined) throw undefinedService(place, { name, missing, profiles });
    for (const [context, value] of Object.entries(build?.additionalContexts ?? {})) {
      const service = contextService(value);
      if (service !== undefined && profiles.has(service) && !services.has(service))
        throw errorAt(
          place,
          `service "${name}" declares unknown service "${service}" as additional contexts ${context}`,
          profileHint(service, profiles.get(service)!),
        );
    }
  }
}

function checkVolumes(
  services: ReadonlyMap<string, Service>,
  defined: ReadonlyMap<string, ComposeVolume>,
): void {
  for (const { name, place, volumes } of services.values()) {
    for (const volume of volumes) {
      if (volume.kind !== "volume" || volume.source === undefined || defined.has(volume.source)) continue;
      const near = didYouMean(volume.source, defined.keys());
      throw errorAt(
        place,
        `service "${name}" refers to undefined volume ${volume.source}${near}: invalid compose project`,
        { hint: `define it at the top level of the file: volumes: {${volume.source}: }` },
      );
    }
  }
}

function undefinedService(
  place: Place,
  options: {
    readonly name: string;
    readonly missing: string;
    readonly profiles: ReadonlyMap<string, readonly string[]>;
  },
): Error {
  const { name, missing, profiles } = options;
  const off = profiles.get(missing);
  return off
    ? errorAt(
        place,
        `service "${name}" depends on undefined service "${missing}": invalid compose project`,
        profileHint(missing, off),
      )
    : errorAt(
        place,
        `services.${name} depends on "${missing}", which is not defined${didYouMean(missing, profiles.keys())}`,
      );
}

function profileHint(service: string, profiles: readonly string[]): { readonly hint: string } {
  return {
    hint: `"${service}" is in a profile that is not active; activate it with --profile ${profiles[0]}`,
  };
}

const validName = /^[a-z0-9][a-z0-9_-]*$/;

/** `-p`, `COMPOSE_PROJECT_NAME`, `name:`, or the directory's name made valid. */
function projectName(
  options: LoadOptions,
  fromFile: string | undefined,
  { directory, lookup }: { readonly directory: string; readonly lookup: Lookup },
): string {
  const given = options.projectName ?? (lookup("COMPOSE_PROJECT_NAME") || undefined);
  if (given !== undefined && !validName.test(given))
    throw new ComposeError(
      "COMPOSE_INVALID",
      `Invalid project name "${given}": must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number`,
    );
  const name = given ?? normalise(fromFile ?? path.basename(directory));
  if (name === "") throw new ComposeError("COMPOSE_INVALID", "The project's name is empty; give one with -p");
  return name;
}

function normalise(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}
