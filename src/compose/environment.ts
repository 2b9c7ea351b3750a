import path from "node:path";
import { ComposeError } from "./compose-error.ts";
import type { Lookup } from "./interpolate.ts";
import { parseDotenv } from "./parse-dotenv.ts";
import { readIfPresent } from "./read-if-present.ts";

export interface EnvironmentOptions {
  /** `--env-file`; empty: those of `COMPOSE_ENV_FILES`, else `.env`. */
  readonly envFiles?: readonly string[];
  readonly projectDirectory?: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The variables of a project: the caller's, then those of its environment files. */
export class Environment {
  readonly #env: NodeJS.ProcessEnv;
  readonly #values = new Map<string, string>();
  readonly #isNamed: boolean;

  /** Reads the named environment files, a later one over an earlier one, or `.env` where the project is looked for.
   * @throws {ComposeError} `COMPOSE_NOT_FOUND` | `COMPOSE_INVALID` */
  constructor({ envFiles = [], projectDirectory, cwd, env }: EnvironmentOptions) {
    this.#env = env;
    const named = envFiles.length > 0 ? envFiles : wordsOf(env["COMPOSE_ENV_FILES"]);
    this.#isNamed = named.length > 0;
    for (const name of named) this.#readNamed(path.resolve(cwd, name));
    for (const folder of [
      cwd,
      ...(projectDirectory === undefined ? [] : [path.resolve(cwd, projectDirectory)]),
    ])
      this.addDefault(folder);
  }

  /** All variables, sorted by name. */
  entries(): readonly (readonly [name: string, value: string])[] {
    const caller = Object.entries(this.#env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    return [...new Map([...this.#values, ...caller])].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  readonly lookup: Lookup = (name) => this.#env[name] ?? this.#values.get(name);

  /** Adds what `.env` in the directory sets and nothing has set before; not when environment files were named. */
  addDefault(directory: string): void {
    if (this.#isNamed) return;
    const file = path.join(directory, ".env");
    const text = readIfPresent(file, { isFound: true });
    if (text === undefined) return;
    const before = new Map(this.#values);
    for (const [name, value] of this.#parse(file, text)) if (!before.has(name)) this.#values.set(name, value);
  }

  #readNamed(file: string): void {
    const text = readIfPresent(file);
    if (text === undefined) throw new ComposeError("COMPOSE_NOT_FOUND", `couldn't find env file: ${file}`);
    for (const [name, value] of this.#parse(file, text)) this.#values.set(name, value);
  }

  #parse(file: string, text: string): ReadonlyMap<string, string> {
    try {
      return parseDotenv(text, (name) => this.#env[name], this.#values);
    } catch (error) {
      throw new ComposeError("COMPOSE_INVALID", `Cannot parse "${file}": ${(error as Error).message}`);
    }
  }
}

/** The items of a list with commas, as variables hold them. */
export function wordsOf(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
