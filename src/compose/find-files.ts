import { existsSync } from "node:fs";
import path from "node:path";
import { ComposeError } from "./compose-error.ts";
import type { Lookup } from "./interpolate.ts";

const names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const overrideNames = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

/** The Compose files of a project: those named, those of `COMPOSE_FILE`, or the first known name in `cwd` or a directory above,
 * with its override file. Absolute paths.
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` */
export function findComposeFiles(
  named: readonly string[],
  { cwd, lookup }: { readonly cwd: string; readonly lookup: Lookup },
): string[] {
  if (named.length > 0) return named.map((file) => path.resolve(cwd, file));
  const fromEnvironment = lookup("COMPOSE_FILE");
  if (fromEnvironment)
    return fromEnvironment
      .split(lookup("COMPOSE_PATH_SEPARATOR") || ":")
      .map((file) => path.resolve(cwd, file));
  for (let directory = path.resolve(cwd); ; directory = path.dirname(directory)) {
    const found = firstOf(names, directory);
    if (found) return [found, ...[firstOf(overrideNames, directory)].filter((file) => file !== undefined)];
    if (directory === path.dirname(directory)) break;
  }
  throw new ComposeError("COMPOSE_NOT_FOUND", `No Compose file in "${cwd}" or a directory above it`, {
    hint: `files are named ${names.join(", ")}; name another one with -f`,
  });
}

function firstOf(candidates: readonly string[], directory: string): string | undefined {
  return candidates.map((name) => path.join(directory, name)).find((file) => existsSync(file));
}
