import path from "node:path";
import { ComposeError } from "./compose-error.ts";
import { Environment } from "./environment.ts";
import { findComposeFiles } from "./find-files.ts";
import { parseYaml } from "./parse-yaml.ts";
import { asMap } from "./read-nodes.ts";
import { readIfPresent } from "./read-if-present.ts";
import type { YamlMap } from "./yaml-tree.ts";

export interface ProjectFilesOptions {
  /** `-f`; empty: found by name. */
  readonly files: readonly string[];
  readonly projectDirectory?: string;
  /** `--env-file`; empty: those of `COMPOSE_ENV_FILES`, else `.env`. */
  readonly envFiles?: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Where a project's settings are read from. */
export interface ProjectFiles {
  readonly files: readonly string[];
  readonly directory: string;
  readonly environment: Environment;
}

/** Finds a project's files, and reads its environment.
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` | `COMPOSE_INVALID` */
export function findProjectFiles(options: ProjectFilesOptions): ProjectFiles {
  const { cwd } = options;
  const environment = new Environment(options);
  const files = findComposeFiles(options.files, { cwd, lookup: environment.lookup });
  const directory = path.resolve(cwd, options.projectDirectory ?? path.dirname(files[0]!));
  environment.addDefault(directory);
  return { files, directory, environment };
}

/** A Compose file as it is written, with variables.
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` | `COMPOSE_INVALID` */
export function readComposeFile(file: string, cwd: string): YamlMap {
  const name = path.relative(cwd, file).startsWith("..") ? file : path.relative(cwd, file);
  const text = readIfPresent(file);
  if (text === undefined) throw new ComposeError("COMPOSE_NOT_FOUND", `Cannot read "${name}": no such file`);
  const tree = parseYaml(name, text);
  if (!tree) throw new ComposeError("COMPOSE_INVALID", `${name} is empty`);
  return asMap(tree, "the file");
}
