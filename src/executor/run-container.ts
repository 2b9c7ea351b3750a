import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { SpawnedProcess } from "../sys/index.ts";
import type { StartedContainer } from "./exec-in-container.ts";
import { killQuietly, killUntilGone, readPidFile } from "./pid-file.ts";
import { readIfPresent } from "./read-if-present.ts";
import { runtimeFailure } from "./runtime-failure.ts";
import { specText } from "./runtime-spec.ts";
import { type RuntimeStart, startRuntime } from "./start-runtime.ts";
import { WaitingRuntime } from "./waiting-runtime.ts";

export interface RunContainerOptions {
  /** A runtime that waits must have got the spec. */
  readonly start: RuntimeStart | WaitingRuntime;
  readonly spec: object;
  /** Called for each piece of output that is not inherited; reading goes on when the promise resolves. */
  readonly onOutput?: ((stream: 1 | 2, data: Buffer) => Promise<void>) | undefined;
  /** Gets what sends a signal to the first process of the container, as soon as there is one. */
  readonly onSignaller?: ((send: SendSignal) => void) | undefined;
  /** Gets what `execInContainer` needs. */
  readonly onStarted?: ((container: StartedContainer) => void) | undefined;
  /** Kills every process of the container. */
  readonly signal?: AbortSignal | undefined;
}

export type SendSignal = (signal: NodeJS.Signals) => void;

/** Runs one container to its end and returns its exit code, 128 + n when signal n ended it.
 * @throws {ExecutorError} `COMMAND_NOT_FOUND` | `COMMAND_NOT_EXECUTABLE` | `RUNTIME_FAILED`
 * @throws the signal's reason, after the container is gone */
export async function runContainer(options: RunContainerOptions): Promise<number> {
  options.signal?.throwIfAborted();
  const { onOutput, spec } = options;
  const { start, child } = started(options);
  const { bundle } = start;
  options.onStarted?.({ start, spec });
  options.onSignaller?.((signal) => void sendWhenStarted(child, bundle, signal));
  const output = child.output.map((source, index) => pump(source, index === 0 ? 1 : 2, onOutput!));
  const exitCode = await ended(child, bundle, options.signal);
  await Promise.all(output);
  options.signal?.throwIfAborted();
  const failure = exitCode === 0 ? undefined : runtimeFailure(readLog(bundle), spec);
  if (failure) throw failure;
  return exitCode;
}

function started({ start, spec }: RunContainerOptions): Pick<WaitingRuntime, "start" | "child"> {
  if (start instanceof WaitingRuntime) return start;
  writeFileSync(path.join(start.bundle, "config.json"), specText(spec), { mode: 0o600 });
  return { start, child: startRuntime(start) };
}

async function ended(
  child: SpawnedProcess,
  bundle: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const onAbort = () => void killUntilGone(child, pidFileOf(bundle));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await child.ended;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

async function sendWhenStarted(child: SpawnedProcess, bundle: string, signal: NodeJS.Signals): Promise<void> {
  while (child.isRunning()) {
    const pid = readPidFile(pidFileOf(bundle));
    if (pid !== undefined) return killQuietly(pid, signal);
    await sleep(20);
  }
}

function pidFileOf(bundle: string): string {
  return path.join(bundle, "pid");
}

function readLog(bundle: string): string {
  return readIfPresent(path.join(bundle, "log"));
}

async function pump(
  source: Readable,
  stream: 1 | 2,
  onOutput: (stream: 1 | 2, data: Buffer) => Promise<void>,
): Promise<void> {
  for await (const chunk of source) await onOutput(stream, chunk as Buffer);
}
