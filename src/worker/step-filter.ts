import path from "node:path";
import {
  grantedCapabilities,
  hostSeccomp,
  type Runtime,
  type RuntimeSeccomp,
  seccompFor,
} from "../executor/index.ts";
import type { Environment } from "./environment.ts";
import type { RunRequest } from "./protocol.ts";

/** The system call filter of a step; undefined where the host has none. */
export function stepFilter(
  { status, memoryDir, store }: Environment,
  runtime: Runtime,
  security: RunRequest["security"],
): RuntimeSeccomp | undefined {
  const filter = hostSeccomp(grantedCapabilities(security, status));
  const scratchFile = path.join(memoryDir, "seccomp.bpf");
  return filter && seccompFor(runtime, filter, { scratchFile, kept: store.cache });
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
