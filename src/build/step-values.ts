import { isIP } from "node:net";
import { BuildError } from "./build-error.ts";
import { splitOnce } from "./csv.ts";
import type { BuildOptions } from "./options.ts";

/** `NAME=IP` or `NAME:IP`. The host is at hand on its own loopback address, for steps share its network. */
export function parseHost(text: string): { host: string; ip: string } {
  const [, host = "", written = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? /^([^:]*):(.*)$/s.exec(text) ?? [];
  const ip = written === "host-gateway" ? "127.0.0.1" : written.replace(/^\[(.*)\]$/s, "$1");
  if (!/^[^\s]+$/.test(host) || isIP(ip) === 0) throw invalid(`invalid host ${text}`);
  return { host, ip };
}

type Allowances = NonNullable<BuildOptions["allow"]>;

/** Adds an entitlement: `network.host`, `security.insecure`, `device`, or `device=NAME[,alias=NAME]`.
 * @throws {BuildError} with docker's words */
export function addAllowance(allow: Allowances, word: string): Allowances {
  if (word === "network.host") return { ...allow, networkHost: true };
  if (word === "security.insecure") return { ...allow, insecure: true };
  if (/^device(?:=|$)/.test(word)) return { ...allow, devices: addDevice(word, allow.devices) };
  throw invalid(`unknown entitlement ${word}`);
}

function addDevice(word: string, before: Allowances["devices"] = []): NonNullable<Allowances["devices"]> {
  const [name = "", ...fields] = word.slice("device=".length).split(",");
  if (name === "" || before === "all") return "all";
  let alias = "";
  for (const field of fields) {
    const [key, value] = splitOnce(field);
    if (!field.includes("=")) throw invalid(`invalid device config "${field}"`);
    if (key !== "alias") throw invalid(`unknown device config key "${key}"`);
    alias = value ?? "";
  }
  return [...before, { name, ...(alias !== "" && { alias }) }];
}

const limitNames =
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  );

/** `NAME=SOFT[:HARD]`; -1 is no limit. */
export function parseUlimit(text: string): { name: string; soft: number; hard: number } {
  const [, name, limits] = /^([^=]*)=([^=]*)$/s.exec(text) ?? [];
  if (name === undefined || limits === undefined) throw invalid(`invalid ulimit argument: ${text}`);
  if (!limitNames.includes(name)) throw invalid(`invalid ulimit type: ${name}`);
  const numbers = limits.split(":");
  if (numbers.length > 2) throw invalid(`too many limit value arguments - ${limits}`);
  const bad = numbers.find((number) => !/^[+-]?\d{1,19}$/.test(number));
  if (bad !== undefined) throw invalid(`invalid limit "${bad}"`);
  const [soft = 0, hard = soft] = numbers.map(Number);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    const rule = "ulimit soft limit must be less than or equal to hard limit";
    throw invalid(`${rule}: ${soft} > ${hard}`);
  }
  return { name, soft, hard };
}

function invalid(reason: string): BuildError {
  return new BuildError("INVALID_ARGUMENT", reason);
}
