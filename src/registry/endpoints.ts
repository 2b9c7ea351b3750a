import type { Configuration } from "./configuration.ts";

/** One place that serves a repository's manifests and blobs. */
export interface Endpoint {
  /** Host with port, as credentials and certificates are kept under. */
  readonly host: string;
  /** Undefined: to be found out, TLS first (a host that may speak plain HTTP). */
  readonly scheme: "http" | "https" | undefined;
  /** Repository as this endpoint names it; empty for the registry as a whole. */
  readonly repository: string;
  readonly isMirror: boolean;
}

/** Docker Hub's names: what people write, and where its API is. */
const dockerHub = { name: "docker.io", apiHost: "registry-1.docker.io" };

/** The endpoints of a repository in the order in which they are asked: its mirrors, then the registry itself. */
export function endpointsOf(registry: string, repository: string, configuration: Configuration): Endpoint[] {
  const mirrors = configuration.registries[registry]?.mirrors ?? [];
  const host = registry === dockerHub.name ? dockerHub.apiHost : registry;
  const own: Endpoint = {
    host,
    scheme: schemeOf(host, registry, configuration),
    repository,
    isMirror: false,
  };
  return [
    ...mirrors.map((mirror) => ({
      host: mirror.host,
      scheme: mirror.scheme ?? schemeOf(mirror.host, mirror.host, configuration),
      repository: mirror.prefix === "" ? repository : `${mirror.prefix}/${repository}`,
      isMirror: true,
    })),
    own,
  ];
}

/** May this host be spoken to without TLS, or with a certificate that is not verified?
 * @param host as image names or as URLs have it: those leave out the port of TLS, and know Docker Hub by another name */
export function isInsecureHost(host: string, { registries }: Configuration): boolean {
  if (isLoopback(host)) return true;
  const names = [host === dockerHub.apiHost ? dockerHub.name : host, `${host}:443`];
  return names.some((name) => registries[name]?.insecure === true);
}

/** `localhost`, 127.0.0.0/8 and ::1, with or without a port. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

function schemeOf(host: string, registry: string, configuration: Configuration): "https" | undefined {
  const mayBePlain = isInsecureHost(host, configuration) || isInsecureHost(registry, configuration);
  return mayBePlain ? undefined : "https";
}
