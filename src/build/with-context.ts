import { rmSync } from "node:fs";
import type { BuildEnvironment, BuildOptions } from "./options.ts";

/** Lends `use` the options with their main context at hand: what a URL names is fetched and stays the same for the whole build, an
 * archive is kept in the store until `use` is done. The Dockerfile is then text, unless the options name one of this machine.
 * @throws {BuildError} `DOCKERFILE_NOT_FOUND` | `INVALID_CONTEXT` | `NO_SPACE`; {SourceError} | {RegistryError} | {WorkerError} */
export async function withContext<Value>(
  options: BuildOptions,
  environment: BuildEnvironment,
  use: (options: BuildOptions) => Value | Promise<Value>,
): Promise<Value> {
  const { remoteContext } = options;
  if (!remoteContext || remoteContext.kind === "fetched") return await use(options);
  const { fetchUrl, openArchive, saveArchive } = await import("./fetch-context.ts");
  if (remoteContext.kind === "url") return await use(await fetchUrl(remoteContext.url, options, environment));
  const directory = environment.store.temp.newPath("context");
  try {
    await saveArchive(remoteContext.bytes, directory, environment.signal);
    return await use(await openArchive(directory, options, environment));
  } finally {
    rmSync(directory, { recursive: true, force: true });
    environment.store.temp.close();
  }
}
