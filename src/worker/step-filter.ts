import { readFileSync } from "node:fs";
import path from "node:path";
import type { Store } from "../content/index.ts";
import {
  findRuntimes,
  grantedCapabilities,
  hostSeccomp,
  type Runtime,
  type RuntimeSeccomp,
  seccompFor,
} from "../executor/index.ts";
import type { Environment } from "./environment.ts";
import type { RunRequest } from "./protocol.ts";

/** What a filter depends on, and where it is made. */
type FilterPlace = Pick<Environment, "status" | "memoryDir" | "store">;

/** The system call filter of a step; undefined where the host has none. */
export function stepFilter(
  { status, memoryDir, store }: FilterPlace,
  runtime: Runtime,
  security: RunRequest["security"],
): RuntimeSeccomp | undefined {
  const filter = hostSeccomp(grantedCapabilities(security, status));
  const scratchFile = path.join(memoryDir, "seccomp.bpf");
  return filter && seccompFor(runtime, filter, { scratchFile, kept: store.cache });
}

/** For the process that starts a worker, while it waits for it: makes the filter that most steps have, and keeps it where the worker finds it. In
 * a worker with other capabilities than this process's that is another one, which the worker makes. */
export function keepFilter(store: Store): void {
  if (process.getuid?.() !== 0) return;
  try {
    const [runtime] = findRuntimes({ runtime: process.env["SLIPWAY_RUNTIME"] });
    const status = readFileSync("/proc/self/status", "utf8");
    if (runtime) stepFilter({ status, memoryDir: store.temp.dir(), store }, runtime, "sandbox");
  } catch {
    // Told by the step that needs it.
  }
}

/** Makes the filter that most steps have, so that the first one need not wait for it. */
export function prepareFilter(environment: Environment): void {
  const runtime = environment.runtimes.current;
  try {
    if (runtime) stepFilter(environment, runtime, "sandbox");
  } catch {
    // Told by the step that needs it.
  }
}
