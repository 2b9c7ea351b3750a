import { UsageError } from "../usage-error.ts";

const dockerHubNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The host of a registry as image names have it: `https://registry.example/v2/` is `registry.example`; without one Docker Hub.
 * @throws {UsageError} */
export function registryHost(server = "docker.io"): string {
  const host = server
    .replace(/^https?:\/\//, "")
    .split("/", 1)[0]!
    .toLowerCase();
  if (!/^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.test(host))
    throw new UsageError(`Cannot use "${server}" as registry: it is no host`);
  return dockerHubNames.has(host) ? "docker.io" : host;
}
