import { readFileSync } from "node:fs";
import path from "node:path";
import { didYouMean } from "../errors/index.ts";
import { isErrno } from "../util/index.ts";
import { ComposeError } from "./compose-error.ts";
import { findComposeFiles } from "./find-files.ts";
import { interpolate, InterpolationError, type Lookup } from "./interpolate.ts";
import { mergeTrees } from "./merge-trees.ts";
import { parseDotenv } from "./parse-dotenv.ts";
import { parseYaml } from "./parse-yaml.ts";
import type { Project, Service } from "./project.ts";
import { asMap, asText, fieldsOf } from "./read-nodes.ts";
import { SecretDefinitions } from "./read-secrets.ts";
import { readService, type ServiceReading } from "./read-service.ts";
import { errorAt, type YamlMap, type YamlNode } from "./yaml-tree.ts";

export interface LoadOptions {
  /** `-f`; empty: found by name. */
  readonly files: readonly string[];
  /** `-p`. */
  readonly projectName?: string;
  readonly projectDirectory?: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Loads a Compose project: finds its files, replaces variables, merges, and checks everything that Slipway does not carry out.
 * @throws {ComposeError} with file, line and column of the first problem */
export function loadProject(options: LoadOptions): Project {
  const files = findComposeFiles(options.files, options);
  const directory = path.resolve(options.cwd, options.projectDirectory ?? path.dirname(files[0]!));
  const lookup = environmentLookup(directory, options);
  const unset = new Set<string>();
  const trees = files.map((file) => readTree(file, options.cwd, lookup, unset));
  const tree = trees.reduce((base, over) => mergeTrees(base, over) as YamlMap);
  const fields = fieldsOf(tree, {
    where: "the file",
    supported: ["version", "name", "services", "secrets"],
    unsupported: ["networks", "volumes", "configs", "include", "models"],
  });
  const secrets = new SecretDefinitions(fields.get("secrets"), { directory, lookup });
  const services = readServices(fields.get("services"), { directory, lookup, secrets });
  checkDependencies(services);
  const nameNode = fields.get("name");
  return {
    name: projectName(options, nameNode && asText(nameNode, "name"), { directory, lookup }),
    directory,
    files,
    services,
    secrets: secrets.written(),
    warnings: [...unset].map((name) => `The "${name}" variable is not set. Defaulting to a blank string`),
  };
}

/** Variables of the caller, then those of `.env` in the working directory and in the project's. */
function environmentLookup(directory: string, { cwd, env }: LoadOptions): Lookup {
  const values = new Map<string, string>();
  for (const folder of new Set([path.resolve(cwd), directory])) {
    const file = path.join(folder, ".env");
    const text = readIfPresent(file);
    if (text === undefined) continue;
    try {
      const parsed = parseDotenv(text, (name) => env[name] ?? values.get(name));
      for (const [name, value] of parsed) if (!values.has(name)) values.set(name, value);
    } catch (error) {
      throw new ComposeError("COMPOSE_INVALID", `Cannot parse "${file}": ${(error as Error).message}`);
    }
  }
  return (name) => env[name] ?? values.get(name);
}

function readTree(file: string, cwd: string, lookup: Lookup, unset: Set<string>): YamlMap {
  const name = path.relative(cwd, file).startsWith("..") ? file : path.relative(cwd, file);
  const text = readIfPresent(file);
  if (text === undefined) throw new ComposeError("COMPOSE_NOT_FOUND", `Cannot read "${name}": no such file`);
  const tree = parseYaml(name, text);
  if (!tree) throw new ComposeError("COMPOSE_INVALID", `${name} is empty`);
  return asMap(interpolateTree(tree, lookup, unset), "the file");
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw new ComposeError("COMPOSE_NOT_FOUND", `Cannot read "${file}"`, { cause: error });
  }
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

function readServices(node: YamlNode | undefined, reading: ServiceReading): Map<string, Service> {
  if (!node) throw new ComposeError("COMPOSE_INVALID", "The file has no services");
  const services = new Map<string, Service>();
  for (const [name, entry] of asMap(node, "services").entries) {
    if (!/^[a-zA-Z0-9._-]+$/.test(name))
      throw errorAt(
        entry.key,
        `"${name}" is no name for a service: letters, digits, ".", "_" and "-" are allowed`,
      );
    services.set(name, readService(name, entry, reading));
  }
  return services;
}

function checkDependencies(services: ReadonlyMap<string, Service>): void {
  for (const service of services.values()) {
    const missing = service.dependsOn.find((name) => !services.has(name));
    if (missing !== undefined)
      throw errorAt(
        service.place,
        `services.${service.name} depends on "${missing}", which is not defined${didYouMean(missing, services.keys())}`,
      );
  }
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
