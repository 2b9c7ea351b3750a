import { mkdirSync, rmSync } from "node:fs";
import type { BuildEnvironment, BuildOptions } from "./options.ts";

/** Lends `use` the options with their main context at hand: what a URL names is fetched and stays the same for the whole build, an
 * archive is kept in the store until `use` is done, and where there is none, as for a Dockerfile from standard input, it is empty. The
 * Dockerfile is then text, unless the options name one of this machine.
 * @throws {BuildError} `DOCKERFILE_NOT_FOUND` | `INVALID_CONTEXT` | `NO_SPACE`; {SourceError} | {RegistryError} | {WorkerError} */
export async function withContext<Value>(
  options: BuildOptions,
  environment: BuildEnvironment,
  use: (options: BuildOptions) => Value | Promise<Value>,
): Promise<Value> {
  const { remoteContext, contextDir } = options;
  if (remoteContext?.kind === "url") {
    const { fetchUrl } = await import("./fetch-context.ts");
    return await use(await fetchUrl(remoteContext.url, options, environment));
  }
  if (remoteContext?.kind !== "archive" && (remoteContext || contextDir !== undefined))
    return await use(options);
  const directory = environment.store.temp.newPath("context");
  try {
    return await use(await fill(directory, options, environment));
  } finally {
    rmSync(directory, { recursive: true, force: true });
    environment.store.temp.close();
  }
}

async function fill(
  directory: string,
  options: BuildOptions,
  environment: BuildEnvironment,
): Promise<BuildOptions> {
  if (options.remoteContext?.kind !== "archive") {
    mkdirSync(directory, { mode: 0o755 });
    return { ...options, remoteContext: { kind: "empty", directory } };
  }
  const { openArchive, saveArchive } = await import("./fetch-context.ts");
  await saveArchive(options.remoteContext.bytes, directory, environment.signal);
  return await openArchive(directory, options, environment);
}
