/** The configuration file, checked. Plain data. */
export interface Configuration {
  /** By registry host as image names have it: `docker.io`, `registry.example:5000`. */
  readonly registries: Readonly<Record<string, RegistryConfiguration>>;
}

export interface RegistryConfiguration {
  /** Asked before the registry itself, in this order. */
  readonly mirrors: readonly Mirror[];
  /** TLS without verification, else plain HTTP. */
  readonly insecure: boolean;
}

export interface Mirror {
  readonly host: string;
  /** Undefined: TLS unless the host is insecure. */
  readonly scheme: "http" | "https" | undefined;
  /** Put before the repository: `hub` makes `library/golang` into `hub/library/golang`; may be empty. */
  readonly prefix: string;
}

/** The configuration with these hosts insecure besides.
 * @param hosts as image names have them */
export function withInsecure(configuration: Configuration, hosts: readonly string[]): Configuration {
  const registries = { ...configuration.registries };
  for (const host of hosts) registries[host] = { mirrors: [], ...registries[host], insecure: true };
  return { registries };
}

export const emptyConfiguration: Configuration = { registries: {} };
