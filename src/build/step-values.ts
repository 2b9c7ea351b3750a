import { isIP } from "node:net";
import { BuildError } from "./build-error.ts";

/** `NAME=IP` or `NAME:IP`. The host is at hand on its own loopback address, for steps share its network. */
export function parseHost(text: string): { host: string; ip: string } {
  const [, host = "", written = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? /^([^:]*):(.*)$/s.exec(text) ?? [];
  const ip = written === "host-gateway" ? "127.0.0.1" : written.replace(/^\[(.*)\]$/s, "$1");
  if (!/^[^\s]+$/.test(host) || isIP(ip) === 0) throw invalid(`invalid host ${text}`);
  return { host, ip };
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
