import { readFileSync, readlinkSync } from "node:fs";
import { isErrno } from "../util/index.ts";

/** What is half done belongs to a process, and is rubbish once that process is gone. */
export interface Owner {
  /** Pids of an earlier boot mean nothing. */
  readonly boot: string;
  /** Inode of the pid namespace in which `pid` counts. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** Clock ticks between boot and the start of the process; tells a reused pid apart. */
  readonly startTicks: number;
}

/** Ticks per second in /proc (`USER_HZ`); 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** `<boot>-<pid namespace>-<pid>-<start ticks>`, a file name. */
export function formatOwner(owner: Owner): string {
  return [owner.boot, owner.pidNamespace, owner.pid, owner.startTicks].join("-");
}

/** Undefined when the name is not an owner's. */
export function parseOwner(name: string): Owner | undefined {
  const match = /^([0-9a-f]{12})-(\d+)-(\d+)-(\d+)$/.exec(name);
  if (!match) return undefined;
  return {
    boot: match[1]!,
    pidNamespace: match[2]!,
    pid: Number(match[3]),
    startTicks: Number(match[4]),
  };
}

let knownBootId: string | undefined;

/** First 12 hexadecimal digits of the kernel's boot id. */
export function bootId(): string {
  knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").replaceAll("-", "").slice(0, 12);
  return knownBootId;
}

/** This process. */
export function currentOwner(): Owner {
  return {
    boot: bootId(),
    pidNamespace: /\d+/.exec(readlinkSync("/proc/self/ns/pid"))![0],
    pid: process.pid,
    startTicks: startTicksOf("self") ?? 0,
  };
}

/** `unknown`: the process lives, or lived, in another pid namespace of this boot (a container that shares the store). */
export function ownerState(owner: Owner, self: Owner): "alive" | "dead" | "unknown" {
  if (owner.boot !== self.boot) return "dead";
  if (owner.pidNamespace !== self.pidNamespace) return "unknown";
  return startTicksOf(owner.pid) === owner.startTicks ? "alive" : "dead";
}

/** When a process of this boot started. */
export function ownerStartMs(owner: Owner): number {
  const uptimeSeconds = Number.parseFloat(readFileSync("/proc/uptime", "latin1"));
  return Date.now() - uptimeSeconds * 1000 + (owner.startTicks / ticksPerSecond) * 1000;
}

/** Field 22 of /proc/<pid>/stat; fields are counted from behind the name, which may hold spaces and parentheses. */
function startTicksOf(pid: number | "self"): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}
