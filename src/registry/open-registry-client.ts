import { type Configuration, withInsecure } from "./configuration.ts";
import { loadConfiguration } from "./load-configuration.ts";
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from "./registry-client.ts";

export interface OpenRegistryOptions extends Omit<RegistryClientOptions, "configuration"> {
  /** Registries, as image names have them, that may have an unknown certificate or none, besides those of the configuration. */
  readonly insecureHosts?: readonly string[] | undefined;
  /** Ask no mirror: one may not know the newest. */
  readonly isDirect?: boolean;
}

/** Creates a client by the user's configuration file.
 * @throws {ConfigurationError} */
export async function openRegistryClient(options: OpenRegistryOptions): Promise<RegistryClient> {
  const { insecureHosts = [], isDirect = false, ...rest } = options;
  const loaded = withInsecure(await loadConfiguration(options.env), insecureHosts);
  return createRegistryClient({ ...rest, configuration: isDirect ? withoutMirrors(loaded) : loaded });
}

function withoutMirrors({ registries }: Configuration): Configuration {
  const direct = Object.entries(registries).map(([host, each]) => [host, { ...each, mirrors: [] }]);
  return { registries: Object.fromEntries(direct) as Configuration["registries"] };
}
