import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnProcess } from "../sys/index.ts";
import { listIfThere } from "../util/index.ts";
import { killUntilGone } from "./pid-file.ts";
import { specText } from "./runtime-spec.ts";
import { type RuntimeStart, runtimeEnv } from "./start-runtime.ts";

/** A container that has been started. */
export interface StartedContainer {
  readonly start: RuntimeStart;
  /** Its runtime spec. */
  readonly spec: object;
}

export interface ExecResult {
  /** 128 + SIGKILL after the timeout. */
  readonly exitCode: number;
  /** The first 4096 bytes of what it printed. */
  readonly output: string;
}

const maxOutputBytes = 4096;

let execs = 0;

/** Runs another process in a container, as the user and with the environment of its first one; it is killed after `timeoutMs`.
 * Where the container does not run the runtime fails, which is an exit code too. */
export async function execInContainer(
  { start, spec }: StartedContainer,
  { args, timeoutMs }: { readonly args: readonly string[]; readonly timeoutMs: number },
): Promise<ExecResult> {
  await isRunning(start, timeoutMs);
  const base = path.join(start.bundle, `exec-${++execs}`);
  const { process } = spec as { readonly process: object };
  writeFileSync(base, specText({ ...process, args, terminal: false }), { mode: 0o600 });
  const child = spawnProcess({
    file: start.runtime.file,
    args: [
      `--root=${path.join(start.bundle, "state")}`,
      ...(start.runtime.name === "crun" ? ["--cgroup-manager=disabled"] : []),
      "exec",
      `--process=${base}`,
      `--pid-file=${base}.pid`,
      start.id,
    ],
    env: runtimeEnv(),
    stdin: "ignore",
    output: "pipe",
  });
  const timer = setTimeout(() => void killUntilGone(child, `${base}.pid`), timeoutMs);
  const outputs = Promise.all(child.output.map(readStart));
  try {
    const exitCode = await child.ended;
    return { exitCode, output: (await outputs).join("") };
  } finally {
    clearTimeout(timer);
    for (const file of [base, `${base}.pid`]) rmSync(file, { force: true });
  }
}

/** Resolves when the runtime has noted that the container runs; later than `timeoutMs` it will say itself that there is none. */
async function isRunning({ bundle, id }: RuntimeStart, timeoutMs: number): Promise<void> {
  const notes = ["status", "state.json"]; // crun's and runc's
  const endMs = Date.now() + timeoutMs;
  while (!listIfThere(path.join(bundle, "state", id)).some((name) => notes.includes(name))) {
    if (Date.now() > endMs) return;
    await sleep(20);
  }
}

async function readStart(source: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    if (sizeBytes < maxOutputBytes) chunks.push(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return Buffer.concat(chunks).subarray(0, maxOutputBytes).toString();
}
