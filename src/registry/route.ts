import {
  Agent as HttpAgent,
  type ClientRequest,
  type RequestOptions,
  request as httpRequest,
} from "node:http";
import { withDirectReads } from "./direct-reads.ts";
import type { NetworkLimits } from "./limits.ts";
import { proxyAddress, proxyFor, proxyHeaders } from "./proxy.ts";
import type { TlsSettings } from "./tls-settings.ts";

export interface RouteOptions {
  readonly limits: NetworkLimits;
  readonly tls: TlsSettings;
  /** Where the proxies are named. */
  readonly env: NodeJS.ProcessEnv;
}

/** How requests reach one origin: directly, or through a proxy; over connections that are kept. */
export interface Route {
  start(url: URL, options: RequestOptions): ClientRequest;
  close(): void;
}

const agentOptions = {
  keepAlive: true,
  maxFreeSockets: 8,
  scheduling: "lifo",
  /** Node's 250 ms per address are too few for a distant host. */
  autoSelectFamilyAttemptTimeout: 1_000,
} as const;

/** TLS is loaded only for an origin that needs it. */
export async function createRoute(origin: URL, options: RouteOptions): Promise<Route> {
  const proxy = proxyFor(origin, options.env);
  if (origin.protocol === "https:") return tlsRoute(origin, proxy, options);
  return proxy ? forwardedRoute(proxy) : plainRoute();
}

function plainRoute(): Route {
  const agent = withDirectReads(new HttpAgent(agentOptions));
  return { start: (url, request) => httpRequest(url, { ...request, agent }), close: () => agent.destroy() };
}

async function tlsRoute(origin: URL, proxy: URL | undefined, { limits, tls }: RouteOptions): Promise<Route> {
  const { Agent, request: httpsRequest } = await import("node:https");
  const tlsOptions = { ...agentOptions, ...(await tls.optionsFor(origin.host)) };
  const agent = proxy
    ? new (await import("./tunnel-agent.ts")).TunnelAgent(proxy, limits.connectTimeoutMs, tlsOptions)
    : withDirectReads(new Agent(tlsOptions));
  return { start: (url, request) => httpsRequest(url, { ...request, agent }), close: () => agent.destroy() };
}

/** Plain HTTP is handed to the proxy with the whole URL; a tunnel to port 80 is what many proxies refuse. */
async function forwardedRoute(proxy: URL): Promise<Route> {
  const node = proxy.protocol === "https:" ? await import("node:https") : await import("node:http");
  const agent = withDirectReads(new node.Agent(agentOptions));
  return {
    start(url, request) {
      const headers = {
        host: url.host,
        ...proxyHeaders(proxy),
        ...(request.headers as Record<string, string>),
      };
      return node.request({ ...request, ...proxyAddress(proxy), path: url.href, headers, agent });
    },
    close: () => agent.destroy(),
  };
}
