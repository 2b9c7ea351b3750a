import type { Mirror } from "./configuration.ts";

const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const prefixPattern = new RegExp(`^${component}(?:/${component})*$`);

/** `host[:port]` as image names have it; undefined for anything else, a URL too. */
export function parseRegistryHost(text: string): string | undefined {
  if (text === "index.docker.io" || text === "registry-1.docker.io") return "docker.io";
  return hostPattern.test(text) ? text : undefined;
}

/** `[http://|https://]host[:port][/prefix]`; undefined for anything else. */
export function parseMirror(text: string): Mirror | undefined {
  const [, scheme, host = "", path = ""] = /^(?:(https?):\/\/)?([^/]*)(?:\/(.*?)\/*)?$/.exec(text) ?? [];
  if (!hostPattern.test(host) || (path !== "" && !prefixPattern.test(path))) return undefined;
  return { host, scheme: scheme as "http" | "https" | undefined, prefix: path };
}
