import { readFileSync } from "node:fs";
import type { Session } from "../session/index.ts";
import { BuildError } from "./build-error.ts";
import type { BuildOptions, SecretSpec } from "./options.ts";

/** The session of a build from the command line: its context directory, secrets from files and variables.
 * A secret is read when a step asks for it. */
export function createBuildSession(options: Pick<BuildOptions, "contextDir" | "secrets">): Session {
  const secrets = new Map((options.secrets ?? []).map((secret) => [secret.id, secret]));
  return {
    localContexts: new Map(options.contextDir === undefined ? [] : [["context", options.contextDir]]),
    secret: (id) => {
      const spec = secrets.get(id);
      return Promise.resolve(spec && readSecret(spec));
    },
    sshAgent: (id) => Promise.resolve(id === "default" ? process.env["SSH_AUTH_SOCK"] : undefined),
  };
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
  const value = process.env[source.name];
  if (value === undefined) {
    throw new BuildError("SECRET_UNREADABLE", `Cannot read secret "${id}": $${source.name} is not set`);
  }
  return Buffer.from(value);
}
