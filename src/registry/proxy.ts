import { BlockList, isIP } from "node:net";
import { isLoopback } from "./endpoints.ts";
import { RegistryError } from "./registry-error.ts";

/** The proxy for a URL by the environment, as Go programs read it: `HTTPS_PROXY` and `HTTP_PROXY` by the URL's scheme, `NO_PROXY`
 * with hosts, domains, addresses, networks and `*`; lower case too. Loopback hosts never go through a proxy.
 * @throws {RegistryError} `UNREACHABLE` when the variable does not name an http or https proxy */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = env[name] || env[name.toLowerCase()];
  if (!value || isLoopback(url.host) || isExempt(url, env.NO_PROXY || env.no_proxy || "")) return undefined;
  const text = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol === "http:" || proxy?.protocol === "https:") return proxy;
  throw new RegistryError(
    "UNREACHABLE",
    `Cannot reach ${url.host}: ${name} does not name an http or https proxy`,
    {
      hint: `set ${name} to http://host:port, or name ${url.hostname} in NO_PROXY`,
    },
  );
}

/** What `http.request` needs to reach the proxy itself. */
export function proxyAddress({ hostname, port, protocol }: URL): {
  hostname: string;
  port: string;
  protocol: string;
} {
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port, protocol };
}

/** `Proxy-Authorization` for a proxy with a user in its URL. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const pair = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** A percent sign that stands for itself is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const entries = noProxy.split(",").map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => entry !== "" && covers(entry, host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInNetwork(entry, host);
  const [, name, entryPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const domain = name!.replace(/^\*(?=\.)/, "");
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isInNetwork(network: string, host: string): boolean {
  const [address = "", bits] = network.split("/");
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits ?? "")) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(address, Number(bits), kind);
  return list.check(host, kind);
}
