import { readFileSync } from "node:fs";
import { ExecutorError } from "./executor-error.ts";

/** `process.rlimits` of the runtime spec; -1 is "no limit" and becomes the kernel's number for it in `specText`. */
export interface Rlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** A limit as a user writes it (`--ulimit nofile=1024:2048`); -1 means unlimited. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** Names of a ulimit, and the line of `/proc/<pid>/limits` that holds it. */
const KERNEL_NAMES: Readonly<Record<string, string>> = {
  as: "Max address space",
  core: "Max core file size",
  cpu: "Max cpu time",
  data: "Max data size",
  fsize: "Max file size",
  locks: "Max file locks",
  memlock: "Max locked memory",
  msgqueue: "Max msgqueue size",
  nice: "Max nice priority",
  nofile: "Max open files",
  nproc: "Max processes",
  rss: "Max resident set",
  rtprio: "Max realtime priority",
  rttime: "Max realtime timeout",
  sigpending: "Max pending signals",
  stack: "Max stack size",
};

/** As dockerd has it in its unit file: enough for every build, and not the million of millions that makes old programs which
 * close "all" descriptors one by one hang. */
const DEFAULT_NOFILE = 1048576;

/** Limits for the runtime spec: the asked ones and a default for open files, none above what this process may give away.
 * @param hostLimits text of `/proc/self/limits`
 * @throws {ExecutorError} `INVALID_LIMIT` for a name that Linux does not have */
export function rlimits(
  asked: readonly Ulimit[],
  hostLimits = readFileSync("/proc/self/limits", "utf8"),
): Rlimit[] {
  const wanted = new Map<string, Ulimit>([
    ["nofile", { name: "nofile", soft: DEFAULT_NOFILE, hard: DEFAULT_NOFILE }],
    ...asked.map((ulimit) => [ulimit.name, ulimit] as const),
  ]);
  return [...wanted.values()].map((ulimit) => {
    const most = hardLimit(ulimit.name, hostLimits);
    const hard = Math.min(unsigned(ulimit.hard), most);
    return {
      type: `RLIMIT_${ulimit.name.toUpperCase()}`,
      soft: signed(Math.min(unsigned(ulimit.soft), hard)),
      hard: signed(hard),
    };
  });
}

function unsigned(limit: number): number {
  return limit < 0 ? Infinity : limit;
}

function signed(limit: number): number {
  return limit === Infinity ? -1 : limit;
}

function hardLimit(name: string, hostLimits: string): number {
  const kernelName = KERNEL_NAMES[name];
  if (kernelName === undefined) {
    const known = Object.keys(KERNEL_NAMES).join(", ");
    throw new ExecutorError("INVALID_LIMIT", `Unknown limit "${name}"`, { hint: `Linux has ${known}` });
  }
  const line = hostLimits.split("\n").find((text) => text.startsWith(`${kernelName} `));
  const hard = line?.slice(kernelName.length).trim().split(/\s+/)[1];
  return hard === undefined || hard === "unlimited" ? Infinity : Number(hard);
}
