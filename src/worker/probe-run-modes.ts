import {
  canExecute,
  ExecutorError,
  findRuntimes,
  hostHasSeccomp,
  knownArchitectures,
  type Runtime,
} from "../executor/index.ts";
import { hostPlatform, normalizePlatform, type Platform } from "../oci/index.ts";
import { runProcess } from "../util/index.ts";
import { launch } from "./launch.ts";
import { explainRefusal } from "./refusal.ts";
import { WorkerError } from "./worker-error.ts";

/** One thing that running containers needs of this machine. */
export interface RunModeFinding {
  readonly subject: "namespaces" | "runtime" | "filter";
  /** `missing`: nothing can be run; `weaker`: it works, with less protection or more slowly. */
  readonly state: "ok" | "weaker" | "missing";
  readonly text: string;
  /** What to install, or to ask the administrator for. */
  readonly hint?: string | undefined;
}

/** Tries what a worker needs here: namespaces (and ids, for an ordinary user), a runtime, a system call filter. Starts nothing that
 * lasts, and needs no store. */
export async function probeRunModes(options: { runtime?: string } = {}): Promise<readonly RunModeFinding[]> {
  const wanted = options.runtime ?? process.env["SLIPWAY_RUNTIME"];
  return [await probeNamespaces(), ...(await probeRuntimes(wanted)), probeFilter()];
}

/** Platforms whose programs the kernel runs here, this machine's first, and those that it would with an emulator.
 * @param directory where programs may be written to and run from */
export function probePlatforms(directory: string): {
  readonly runnable: readonly Platform[];
  readonly others: readonly Platform[];
} {
  const host = hostPlatform();
  const platforms = [
    host.architecture,
    ...knownArchitectures.filter((each) => each !== host.architecture),
  ].map((architecture) => normalizePlatform({ os: host.os, architecture }));
  const runnable = platforms.filter(({ architecture }) => canExecute(architecture, directory));
  return { runnable, others: platforms.filter((platform) => !runnable.includes(platform)) };
}

async function probeNamespaces(): Promise<RunModeFinding> {
  const userNamespace = process.getuid?.() !== 0;
  try {
    await tryLaunch(userNamespace);
    const text = userNamespace ? "Namespaces with subordinate ids, without root" : "Namespaces, as root";
    return { subject: "namespaces", state: "ok", text };
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
    return { subject: "namespaces", state: "missing", text: error.message, hint: error.hint };
  }
}

async function tryLaunch(userNamespace: boolean): Promise<void> {
  const { child, ended } = await launch({ command: ["true"], attached: false, userNamespace });
  let stderr = "";
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
  const cause = await ended;
  if (cause === undefined && child.exitCode === 0) return;
  throw (
    explainRefusal(cause, stderr) ??
    new WorkerError(
      "WORKER_UNAVAILABLE",
      `Cannot make namespaces: ${stderr.trim() || String(cause ?? child.signalCode ?? child.exitCode)}`,
      {
        cause,
      },
    )
  );
}

async function probeRuntimes(wanted: string | undefined): Promise<readonly RunModeFinding[]> {
  try {
    return await Promise.all(findRuntimes({ runtime: wanted }).map(describeRuntime));
  } catch (error) {
    if (!(error instanceof ExecutorError)) throw error;
    return [{ subject: "runtime", state: "missing", text: error.message, hint: error.hint }];
  }
}

async function describeRuntime({ file }: Runtime): Promise<RunModeFinding> {
  const { stdout } = await runProcess(file, ["--version"]);
  return { subject: "runtime", state: "ok", text: `${stdout.split("\n", 1)[0]!.trim()} (${file})` };
}

function probeFilter(): RunModeFinding {
  if (hostHasSeccomp())
    return { subject: "filter", state: "ok", text: "Steps run under a system call filter" };
  return {
    subject: "filter",
    state: "weaker",
    text: "Steps run without a system call filter: no seccomp.json of the containers project is installed",
    hint: '"apt-get install golang-github-containers-common" (Debian, Ubuntu), "dnf install containers-common" (Fedora)',
  };
}
