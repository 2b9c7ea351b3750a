import { statfsSync } from "node:fs";
import { release } from "node:os";
import pc from "picocolors";
import type { Command } from "commander";
import type { Store } from "../../content/index.ts";
import { formatPlatform, type Platform } from "../../oci/index.ts";
import { wantsColours } from "../../progress/index.ts";
import { formatBytes } from "../../util/index.ts";
import {
  probePlatforms,
  probeRunModes,
  type RunModeFinding,
  startWorker,
  type Worker,
} from "../../worker/index.ts";
import type { CliIo } from "../cli-io.ts";
import { exitCodes } from "../exit-code.ts";
import { withInterrupt } from "../interrupt.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { errorText } from "../report-error.ts";

interface Finding {
  readonly state: "ok" | "warning" | "problem";
  readonly text: string;
}

export function define(command: Command, io: CliIo): void {
  command.usage("").action(async () => {
    const flags = command.optsWithGlobals<GlobalFlags>();
    const paint = pc.createColors(wantsColours(io.stdout, io.env));
    const marks = {
      ok: paint.green("ok     "),
      warning: paint.yellow("warning"),
      problem: paint.red("problem"),
    };
    await withInterrupt(async (signal) => {
      for await (const { state, text } of findings(flags, io, signal)) {
        io.stdout.write(`${marks[state]}  ${text.trimEnd().replaceAll("\n", "\n         ")}\n`);
        if (state === "problem") io.exitCode = exitCodes.host;
      }
    });
  });
}

/** What a build needs of this machine, each tried rather than guessed. Stops where nothing further can be tried. */
async function* findings(flags: GlobalFlags, io: CliIo, signal: AbortSignal): AsyncGenerator<Finding> {
  yield { state: "ok", text: `Node.js ${process.versions.node}, Linux ${release()}, ${process.arch}` };
  const store = attempt(() => openCliStore(flags, io));
  if ("problem" in store) {
    yield store.problem;
    return;
  }
  yield storeFinding(store.value);
  for (const finding of await probeRunModes()) {
    // The worker below tells of namespaces.
    if (finding.subject !== "namespaces") yield runModeFinding(finding);
  }
  yield platformFinding(store.value);
  const worker = await attemptAsync(() => start(store.value, signal));
  if ("problem" in worker) {
    yield worker.problem;
    return;
  }
  await using started = worker.value;
  yield { state: "ok", text: `Containers run: ${started.runMode}` };
  yield await containerFinding(started);
}

const states = { ok: "ok", weaker: "warning", missing: "problem" } as const;

function runModeFinding({ state, text, hint }: RunModeFinding): Finding {
  return { state: states[state], text: hint === undefined ? text : `${text}\n${hint}` };
}

/** An emulator is needed only by builds for other processors, so that none is no weakness. */
function platformFinding(store: Store): Finding {
  const { runnable, others } = probePlatforms(store.temp.dir());
  const names = (platforms: readonly Platform[]) => platforms.map(formatPlatform).join(", ");
  const text = `RUN can execute programs for ${names(runnable)}`;
  if (others.length === 0) return { state: "ok", text };
  const hint = `for ${names(others)} it needs an emulator: "apt-get install qemu-user-static" (Debian, Ubuntu), "dnf install qemu-user-static" (Fedora)`;
  return { state: "ok", text: `${text}\n${hint}` };
}

/** Less than this is soon used up by a build. */
const scarceBytes = 2e9;

function storeFinding({ root }: Store): Finding {
  const { bavail, bsize } = statfsSync(root);
  const freeBytes = bavail * bsize;
  const text = `Store ${root}, ${formatBytes(freeBytes)} free`;
  return { state: freeBytes < scarceBytes ? "warning" : "ok", text };
}

function start(store: Store, signal: AbortSignal): Promise<Worker> {
  return startWorker({ storeRoot: store.root, owner: store.temp.owner, signal });
}

/** An empty layer holds no program, so a container that gets as far as to miss it has started. */
async function containerFinding(worker: Worker): Promise<Finding> {
  const request = {
    runId: "doctor",
    lowers: [],
    args: ["/slipway-doctor"],
    env: [],
    cwd: "/",
    user: "",
    mounts: [],
  };
  const result = await attemptAsync(() =>
    worker.run({ ...request, network: "default", security: "sandbox" }),
  );
  if (!("problem" in result)) return { state: "ok", text: "A container can be started" };
  const { code } = result;
  return code === "COMMAND_NOT_FOUND" ? { state: "ok", text: "A container can be started" } : result.problem;
}

type Attempt<Value> = { readonly value: Value } | { readonly problem: Finding; readonly code: unknown };

function attempt<Value>(work: () => Value): Attempt<Value> {
  try {
    return { value: work() };
  } catch (error) {
    return failed(error);
  }
}

async function attemptAsync<Value>(work: () => Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): { problem: Finding; code: unknown } {
  const text = errorText(error, { debug: false }).replace(/^ERROR: /, "");
  return { problem: { state: "problem", text }, code: (error as { code?: unknown }).code };
}
