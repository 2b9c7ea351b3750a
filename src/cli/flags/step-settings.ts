import { isIP } from "node:net";
import type { BuildOptions, SshSpec } from "../../build/index.ts";
import { parseByteSize } from "../../dockerfile/index.ts";
import { UsageError } from "../usage-error.ts";
import { splitOnce } from "./csv.ts";
import { unsupportedOption } from "./unsupported-options.ts";

/** Values of the options that change what a RUN step sees. */
export interface StepFlags {
  readonly addHost?: readonly string[];
  readonly ulimit?: readonly string[];
  readonly shmSize?: string;
  readonly allow?: readonly string[];
  readonly ssh?: readonly string[];
}

export type StepSettings = Pick<BuildOptions, "extraHosts" | "ulimits" | "shmSizeBytes" | "allow" | "ssh">;

/** @throws {UsageError} with docker's words */
export function parseStepSettings(flags: StepFlags): StepSettings {
  const { addHost = [], ulimit = [], shmSize, allow = [], ssh = [] } = flags;
  return {
    ...(addHost.length > 0 && { extraHosts: addHost.map(parseHost) }),
    ...(ulimit.length > 0 && { ulimits: ulimit.map(parseUlimit) }),
    ...(shmSize !== undefined && { shmSizeBytes: parseShmSize(shmSize) }),
    ...(allow.length > 0 && { allow: parseAllowances(allow) }),
    ...(ssh.length > 0 && { ssh: ssh.map(parseSsh) }),
  };
}

/** `NAME=IP` or `NAME:IP`. The host is at hand on its own loopback address, for steps share its network. */
function parseHost(text: string): { host: string; ip: string } {
  const [, host = "", written = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? /^([^:]*):(.*)$/s.exec(text) ?? [];
  const ip = written === "host-gateway" ? "127.0.0.1" : written.replace(/^\[(.*)\]$/s, "$1");
  if (!/^[^\s]+$/.test(host) || isIP(ip) === 0) throw refuse("--add-host", text, `invalid host ${text}`);
  return { host, ip };
}

const limitNames =
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  );

/** `NAME=SOFT[:HARD]`; -1 is no limit. */
function parseUlimit(text: string): { name: string; soft: number; hard: number } {
  const [, name, limits] = /^([^=]*)=([^=]*)$/s.exec(text) ?? [];
  if (name === undefined || limits === undefined)
    throw refuse("--ulimit", text, `invalid ulimit argument: ${text}`);
  if (!limitNames.includes(name)) throw refuse("--ulimit", text, `invalid ulimit type: ${name}`);
  const numbers = limits.split(":");
  if (numbers.length > 2) throw refuse("--ulimit", text, `too many limit value arguments - ${limits}`);
  const bad = numbers.find((number) => !/^[+-]?\d{1,19}$/.test(number));
  if (bad !== undefined) throw refuse("--ulimit", text, `invalid limit "${bad}"`);
  const [soft = 0, hard = soft] = numbers.map(Number);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    const rule = "ulimit soft limit must be less than or equal to hard limit";
    throw refuse("--ulimit", text, `${rule}: ${soft} > ${hard}`);
  }
  return { name, soft, hard };
}

function parseShmSize(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw refuse("--shm-size", text, `invalid size: '${text}'`);
  return bytes;
}

function parseAllowances(words: readonly string[]): NonNullable<BuildOptions["allow"]> {
  let allow: NonNullable<BuildOptions["allow"]> = {};
  for (const word of words) {
    if (word === "network.host") allow = { ...allow, networkHost: true };
    else if (word === "security.insecure") allow = { ...allow, insecure: true };
    else if (/^device(?:=|$)/.test(word))
      throw unsupportedOption(`--allow ${word}`, "RUN --device is not carried out");
    else throw refuse("--allow", word, `unknown entitlement ${word}`);
  }
  return allow;
}

/** `ID`, or `ID=PATH[,PATH…]`: an agent's socket, or keys. */
function parseSsh(text: string): SshSpec {
  const [id, paths] = splitOnce(text);
  if (id === "") throw refuse("--ssh", text, "the id is missing");
  return { id, paths: paths ? paths.split(",") : [] };
}

function refuse(flag: string, text: string, reason: string): UsageError {
  return new UsageError(`Cannot parse ${flag} "${text}": ${reason}`);
}
