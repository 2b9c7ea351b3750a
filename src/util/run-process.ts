import { spawn } from "node:child_process";
import { constants } from "node:os";
import { ownSignal } from "./own-signal.ts";

export interface ProcessResult {
  /** Exit code, or 128 + signal number as a shell reports it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** Runs a program to its end and keeps what it printed. A non-zero exit is a result, not an error.
 * @throws the spawn error (`ENOENT` when the program is not installed) */
export function runProcess(
  file: string,
  args: readonly string[],
  options: RunProcessOptions = {},
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const { cwd, env, signal } = options;
    const child = spawn(file, args, { cwd, env, signal: signal && ownSignal(signal) });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code, endedBy) => {
      const exitCode = code ?? 128 + (endedBy ? signalNumber(endedBy) : 0);
      resolve({
        exitCode,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    child.stdin.on("error", () => {}); // the program may end without reading its input
    child.stdin.end(options.input);
  });
}

/** The number of a signal, 0 when unknown. */
export function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal] ?? 0;
}
