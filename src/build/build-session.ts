import { readFileSync } from "node:fs";
import { localContextName, type Session } from "../session/index.ts";
import { BuildError } from "./build-error.ts";
import type { BuildOptions, SecretSpec } from "./options.ts";
import type { SshAgents } from "./ssh-agents.ts";

/** The session of a build from the command line: its context directories, secrets from files and variables.
 * A secret is read when a step asks for it. */
export function createBuildSession(
  options: Pick<BuildOptions, ContextOption | "secrets">,
  agents?: SshAgents,
): Session {
  const secrets = new Map((options.secrets ?? []).map((secret) => [secret.id, secret]));
  return {
    localContexts: localContexts(options),
    secret: (id) => {
      const spec = secrets.get(id);
      return Promise.resolve(spec && readSecret(spec));
    },
    unscannedSecrets: new Set(
      [...secrets.values()].flatMap(({ id, isUnscanned }) => (isUnscanned ? id : [])),
    ),
    sshAgent: async (id) => await agents?.socketOf(id),
  };
}

type ContextOption = "contextDir" | "remoteContext" | "namedContexts";

/** Name of the directory that holds a main context's archive; no named context can have it. */
export const archiveContextName = "_archive";

function localContexts(options: Pick<BuildOptions, ContextOption>): Map<string, string> {
  const directories = new Map<string, string>();
  const { remoteContext } = options;
  if (remoteContext?.kind === "empty") directories.set("context", remoteContext.directory);
  if (remoteContext?.kind === "fetched" && remoteContext.directory !== undefined)
    directories.set(archiveContextName, remoteContext.directory);
  if (options.contextDir !== undefined) directories.set("context", options.contextDir);
  for (const [name, context] of options.namedContexts ?? []) {
    if (context.kind === "local") directories.set(localContextName(name), context.directory);
  }
  return directories;
}

function readSecret({ id, source }: SecretSpec): Uint8Array {
  if (source.kind === "file") {
    try {
      return readFileSync(source.path);
    } catch (error) {
      throw new BuildError("SECRET_UNREADABLE", `Cannot read secret "${id}" from "${source.path}"`, {
        cause: error,
      });
    }
  }
  if (source.kind === "text") return Buffer.from(source.text);
  // As in docker, a variable that is not set is an empty secret.
  return Buffer.from(process.env[source.name] ?? "");
}
