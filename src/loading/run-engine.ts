import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { isErrno, runProcess } from "../util/index.ts";
import { LoadError } from "./load-error.ts";

export interface EngineProcess {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** What an engine's command prints, or undefined when it ends with an error.
 * @throws {LoadError} `ENGINE_UNREACHABLE` when it is not installed */
export async function ask(command: readonly string[], options: EngineProcess): Promise<string | undefined> {
  const [file = "", ...args] = command;
  try {
    const { exitCode, stdout } = await runProcess(file, args, {
      env: options.env,
      ...(options.signal && { signal: options.signal }),
    });
    return exitCode === 0 ? stdout : undefined;
  } catch (error) {
    throw explain(file, error);
  }
}

/** Runs an engine's command, which reads what `write` gives it.
 * @throws {LoadError} `ENGINE_UNREACHABLE` | `ENGINE_FAILED` with what it complained of */
export async function feed(
  command: readonly string[],
  write: ((stream: Writable) => Promise<void>) | undefined,
  { env, signal }: EngineProcess,
): Promise<void> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { env, stdio: ["pipe", "ignore", "pipe"], ...(signal && { signal }) });
  let complaint = "";
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (complaint = (complaint + text).slice(-4000)));
  child.stdin.on("error", () => {}); // its exit says more
  const ended = once(child, "close") as Promise<[number | null]>;
  ended.catch(() => {}); // reported below
  const written = write ? write(child.stdin).catch((error: unknown) => error) : undefined;
  const error = await Promise.race([
    written,
    ended.then(
      () => undefined,
      () => undefined,
    ),
  ]);
  child.stdin.end();
  if (
    error instanceof Error &&
    !isErrno(error, "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED")
  ) {
    child.kill();
    throw error;
  }
  const [exitCode] = await ended.catch((cause: unknown) => {
    throw explain(file, cause);
  });
  if (exitCode === 0) return;
  const reason = complaint.trim() || `it ended with ${exitCode ?? "a signal"}`;
  throw new LoadError("ENGINE_FAILED", `Cannot load with ${command.slice(0, 3).join(" ")}: ${reason}`);
}

/** Did the engine's command take what it was fed?
 * @throws what `feed` throws but `ENGINE_FAILED` */
export async function isFed(fed: Promise<void>): Promise<boolean> {
  try {
    await fed;
    return true;
  } catch (error) {
    if (error instanceof LoadError && error.code === "ENGINE_FAILED") return false;
    throw error;
  }
}

/** Node's words for a program that is not found say nothing more. */
function explain(file: string, error: unknown): unknown {
  if (!isErrno(error, "ENOENT")) return error;
  return new LoadError(
    "ENGINE_UNREACHABLE",
    `Cannot load with ${file}: it is not installed, or not in $PATH`,
  );
}
