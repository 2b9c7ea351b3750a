import path from "node:path";
import { type SpawnedProcess, spawnProcess } from "../sys/index.ts";
import type { Runtime } from "./find-runtime.ts";

/** How a runtime is started, whatever it is to run. */
export interface RuntimeStart {
  readonly runtime: Runtime;
  /** An own empty directory on a tmpfs (the spec may hold secrets): gets `config.json`, `pid`, `log` and the runtime's state. The
   * caller removes it. */
  readonly bundle: string;
  /** Name of the container, unique among running ones. */
  readonly id: string;
  /** `inherit`: the process gets our own stdio. */
  readonly output: "pipe" | "inherit";
  /** `ignore`: the process reads nothing. */
  readonly stdin: "inherit" | "ignore";
}

/** @throws {SysError} */
export function startRuntime(start: RuntimeStart): SpawnedProcess {
  return spawnProcess({
    file: start.runtime.file,
    args: runtimeArguments(start),
    env: runtimeEnv(),
    stdin: start.stdin,
    output: start.output,
  });
}

function runtimeArguments({ runtime, bundle, id }: RuntimeStart): string[] {
  const inBundle = (name: string) => path.join(bundle, name);
  return [
    `--root=${inBundle("state")}`,
    `--log=${inBundle("log")}`,
    "--log-format=json",
    ...(runtime.name === "crun" ? ["--cgroup-manager=disabled"] : []),
    "run",
    `--bundle=${bundle}`,
    `--pid-file=${inBundle("pid")}`,
    id,
  ];
}

/** The runtimes take orders from variables (`NOTIFY_SOCKET`, `LISTEN_FDS`, `_LIBCONTAINER_*`): they get none of ours. */
export function runtimeEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"] };
}
