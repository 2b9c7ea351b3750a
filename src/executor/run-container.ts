import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type SpawnedProcess, spawnProcess } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";
import type { Runtime } from "./find-runtime.ts";
import { runtimeFailure } from "./runtime-failure.ts";
import { specText } from "./runtime-spec.ts";

export interface RunContainerOptions {
  readonly runtime: Runtime;
  readonly spec: object;
  /** An own empty directory on a tmpfs (the spec may hold secrets): gets `config.json`, `pid`, `log` and the runtime's state. The
   * caller removes it. */
  readonly bundle: string;
  /** Name of the container, unique among running ones. */
  readonly id: string;
  /** Called for each piece of output; reading goes on when the promise resolves. Undefined: the process gets our own stdio. */
  readonly onOutput?: ((stream: 1 | 2, data: Buffer) => Promise<void>) | undefined;
  /** False: the process reads nothing. With `onOutput` it never does. */
  readonly stdin?: boolean | undefined;
  /** Gets what sends a signal to the first process of the container, as soon as there is one. */
  readonly onSignaller?: ((send: SendSignal) => void) | undefined;
  /** Kills every process of the container. */
  readonly signal?: AbortSignal | undefined;
}

export type SendSignal = (signal: NodeJS.Signals) => void;

/** Runs one container to its end and returns its exit code, 128 + n when signal n ended it.
 * @throws {ExecutorError} `COMMAND_NOT_FOUND` | `COMMAND_NOT_EXECUTABLE` | `RUNTIME_FAILED`
 * @throws the signal's reason, after the container is gone */
export async function runContainer(options: RunContainerOptions): Promise<number> {
  options.signal?.throwIfAborted();
  const { bundle, runtime, onOutput } = options;
  writeFileSync(path.join(bundle, "config.json"), specText(options.spec), { mode: 0o600 });
  const child = spawnProcess({
    file: runtime.file,
    args: runtimeArguments(options),
    env: runtimeEnv(),
    stdin: onOutput || options.stdin === false ? "ignore" : "inherit",
    output: onOutput ? "pipe" : "inherit",
  });
  options.onSignaller?.((signal) => void sendWhenStarted(child, bundle, signal));
  const output = child.output.map((source, index) => pump(source, index === 0 ? 1 : 2, onOutput!));
  const exitCode = await ended(child, options);
  await Promise.all(output);
  options.signal?.throwIfAborted();
  const failure = exitCode === 0 ? undefined : runtimeFailure(readLog(bundle), options.spec);
  if (failure) throw failure;
  return exitCode;
}

function runtimeArguments({ runtime, bundle, id }: RunContainerOptions): string[] {
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
function runtimeEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"] };
}

async function ended(child: SpawnedProcess, options: RunContainerOptions): Promise<number> {
  const onAbort = () => void killUntilGone(child, options.bundle);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await child.ended;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** The runtime's own end does not end the container: its first process is killed, and with it its pid namespace. While the
 * container is being made there is no such process yet, so this repeats; a runtime that hangs is killed after 5 seconds. */
async function killUntilGone(child: SpawnedProcess, bundle: string): Promise<void> {
  for (let round = 0; child.isRunning(); round++) {
    const pid = readPid(bundle);
    if (pid !== undefined) killQuietly(pid, "SIGKILL");
    if (round > 250) child.kill("SIGKILL");
    await sleep(20);
  }
}

async function sendWhenStarted(child: SpawnedProcess, bundle: string, signal: NodeJS.Signals): Promise<void> {
  while (child.isRunning()) {
    const pid = readPid(bundle);
    if (pid !== undefined) return killQuietly(pid, signal);
    await sleep(20);
  }
}

function readPid(bundle: string): number | undefined {
  const pid = Number(readIfPresent(path.join(bundle, "pid")));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

function readLog(bundle: string): string {
  return readIfPresent(path.join(bundle, "log"));
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}

async function pump(
  source: Readable,
  stream: 1 | 2,
  onOutput: (stream: 1 | 2, data: Buffer) => Promise<void>,
): Promise<void> {
  for await (const chunk of source) await onOutput(stream, chunk as Buffer);
}
