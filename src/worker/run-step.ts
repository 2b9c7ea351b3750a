import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  commandNotFound,
  DEFAULT_HOSTNAME,
  grantedCapabilities,
  hostsFile,
  resolvConf,
  type ProcessUser,
  resolveUser,
  type Rlimit,
  rlimits,
  type Runtime,
  type RuntimeStart,
  runContainer,
  runtimeSpec,
  type SendSignal,
  type SpecMount,
  type StartedContainer,
  WaitingRuntime,
} from "../executor/index.ts";
import type { MountPoint } from "../snapshot/index.ts";
import { prepareEmulation } from "./emulation.ts";
import { type Environment, newMemoryDir } from "./environment.ts";
import { mayHaveProgram } from "./find-program.ts";
import type { RunRequest, RunResult } from "./protocol.ts";
import { prepareDevices } from "./step-devices.ts";
import { stepFilter } from "./step-filter.ts";
import { ensureWorkingDirectory, readUserFiles } from "./step-files.ts";
import { prepareStepMounts, type StepMount } from "./step-mounts.ts";
import { StepRoot } from "./step-root.ts";
import { removePath } from "./remove-path.ts";

/** How a step stands to others that run. */
export interface StepOrder {
  /** Resolves when the top one of the layers that it stands on is there, or with false when it will not be. */
  readonly base?: Promise<boolean> | undefined;
  /** Called as soon as others can stand on what it made. */
  readonly onMade?: () => void;
}

/** The layer that a step was to stand on was not made. */
export class BaseMissing extends Error {}

export interface StepOptions extends StepOrder {
  /** Undefined: the process gets the worker's own stdin, stdout and stderr. */
  readonly onOutput?: (stream: 1 | 2, data: Buffer) => Promise<void>;
  readonly tty?: boolean;
  /** False: the process reads nothing, even where it would get the worker's own stdin. */
  readonly stdin?: boolean;
  readonly signal: AbortSignal;
  /** Gets what sends a signal to the process. */
  readonly onSignaller?: (send: SendSignal) => void;
  /** Gets the container, as soon as it is started. */
  readonly onStarted?: (container: StartedContainer) => void;
}

let steps = 0;

/** Runs one process over a stack of layers. What it wrote becomes layer `request.output` if it exits with 0; whatever happens,
 * nothing else of the step is left, in memory a moment later.
 * @throws {BaseMissing} | {ExecutorError} | {OverlayError} | {WorkerError} | {SysError} */
export async function runStep(
  environment: Environment,
  request: RunRequest,
  options: StepOptions,
): Promise<RunResult> {
  const undo: (() => void | Promise<void>)[] = [];
  const name = `s${++steps}`;
  try {
    const defer = (step: () => void | Promise<void>) => void undo.push(step);
    newMemoryDir(environment, name);
    const { signal, onOutput } = options;
    const mounts = await prepareStepMounts(environment, {
      name,
      mounts: request.mounts,
      binds: request.binds ?? [],
      signal,
      defer,
      say: onOutput && ((line) => void onOutput(2, Buffer.from(`${line}\n`))),
    });
    const nodev = request.security === "sandbox";
    const root = new StepRoot(environment, { name, lowers: request.lowers, nodev });
    defer(() => root[Symbol.dispose]());
    const files = networkFiles(environment, name, request);
    const limits = rlimits(request.ulimits ?? []);
    let waiting: WaitingRuntime | undefined;
    if (options.base) {
      root.prepare();
      waiting = startWaiting(environment, name, options);
      defer(() => waiting?.[Symbol.dispose]());
      if (!(await options.base)) throw new BaseMissing(`Cannot run: ${request.lowers.at(-1)} was not made`);
      signal.throwIfAborted(); // what waits is ended by `defer` until it has got its spec
    }
    if (!onOutput) requireProgram(root, request);
    const emulation = prepareEmulation(environment, () => root.look(), request);
    const makeSpec = prepareSpec(environment, {
      name,
      request,
      root,
      mounts: [...files, ...emulation, ...mounts],
      limits,
      tty: options.tty ?? false,
    });
    const exitCode = await runInContainer(environment, { name, makeSpec, options, waiting });
    if (exitCode !== 0) return { exitCode, isDiskFull: isFull(environment.store.root) };
    if (request.output === undefined) return { exitCode };
    const layer = root.commit(request.output);
    options.onMade?.();
    return { exitCode, layer };
  } finally {
    for (const step of undo.toReversed()) await step();
    // Once the answer is on its way: what it takes is time of the next step's.
    setImmediate(() => removeMemory(path.join(environment.memoryDir, name)));
  }
}

/** What a file system may hold back differs; a page is never enough for anything. */
function isFull(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize <= 4096;
}

/** Never into something that is still mounted there. */
function removeMemory(directory: string): void {
  if (readFileSync("/proc/self/mountinfo", "utf8").includes(` ${directory}/`)) {
    throw new Error(`Internal error: something is still mounted in "${directory}"`);
  }
  removePath(directory);
}

interface Step {
  readonly name: string;
  readonly request: RunRequest;
  readonly root: StepRoot;
  readonly mounts: readonly StepMount[];
  readonly limits: readonly Rlimit[];
  readonly tty: boolean;
}

/** A runtime that looks for the program in vain prints that where the process would, too: before what is said of it here.
 * @throws {ExecutorError} `COMMAND_NOT_FOUND` */
function requireProgram(root: StepRoot, request: RunRequest): void {
  const mounted = [...request.mounts, ...(request.binds ?? [])].map(({ dest }) => dest);
  const filled = [...SYSTEM_DIRECTORIES, ...mounted];
  if (request.devices || mayHaveProgram(root.look(), request, filled)) return;
  throw commandNotFound(request.args[0] ?? "");
}

/** As in BuildKit, where the runtime makes them, an image that lacks them has them from its first step on. */
const SYSTEM_DIRECTORIES = ["/proc", "/dev", "/sys"];
const SYSTEM_POINTS = SYSTEM_DIRECTORIES.map((dest): MountPoint => ({ dest, kind: "directory" }));

/** Everything that has to be known and in place before a process can start, for whichever runtime. */
function prepareSpec(environment: Environment, step: Step): (runtime: Runtime) => object {
  const { request, root } = step;
  let known: ProcessUser | undefined;
  const userOf = () => (known ??= resolveUser(request.user, readUserFiles(root.look())));
  const devices = prepareDevices(environment, request.devices, { name: step.name, user: userOf });
  const mounts = placeMounts(root, [...step.mounts, ...devices.mounts]);
  const user = userOf();
  ensureWorkingDirectory(root.path, request.cwd, user);
  const capabilities = grantedCapabilities(request.security, environment.status);
  return (runtime) =>
    runtimeSpec({
      runtime: runtime.name,
      process: {
        args: request.args,
        env: withEnv(request.env, request.devices?.env ?? []),
        cwd: request.cwd,
        user: {
          ...user,
          additionalGids: [...user.additionalGids, ...(request.devices?.additionalGids ?? [])],
        },
        tty: step.tty,
        rlimits: step.limits,
      },
      rootfs: root.path,
      hostname: request.hostname ?? DEFAULT_HOSTNAME,
      mounts,
      hooks: request.devices?.hooks ?? [],
      devices: devices.numbers,
      shmSizeBytes: request.shmSizeBytes,
      network: request.network === "none" ? "none" : "host",
      security: request.security,
      capabilities,
      seccomp: stepFilter(environment, runtime, request.security),
      host: environment.sandbox,
    });
}

/** What a device sets counts. */
function withEnv(env: readonly string[], added: readonly string[]): readonly string[] {
  const names = new Set(added.map(nameOf));
  return [...env.filter((each) => !names.has(nameOf(each))), ...added];
}

function nameOf(variable: string): string {
  return variable.slice(0, variable.indexOf("="));
}

function networkFiles(environment: Environment, name: string, request: RunRequest): StepMount[] {
  const directory = newMemoryDir(environment, `${name}/files`);
  const file = (dest: string, text: string): StepMount => {
    const source = path.join(directory, path.basename(dest));
    writeFileSync(source, text, { mode: 0o644 });
    return {
      point: { dest, kind: "file" },
      mount: { type: "bind", source, options: ["bind", "ro", "nosuid", "nodev", "noexec"] },
    };
  };
  const hostname = request.hostname ?? DEFAULT_HOSTNAME;
  return [
    file("/etc/hosts", hostsFile(hostname, request.extraHosts ?? [])),
    file("/etc/resolv.conf", resolvConf()),
  ];
}

function placeMounts(root: StepRoot, mounts: readonly StepMount[]): SpecMount[] {
  const points = [...SYSTEM_POINTS, ...mounts.map(({ point }) => point)];
  const resolved = root.open(points, SYSTEM_DIRECTORIES).slice(SYSTEM_POINTS.length);
  return mounts.map(({ mount }, index) => {
    const destination = resolved[index]!;
    return {
      ...mount,
      destination,
      options: [...mount.options, ...tmpfsMode(mount, root.path + destination)],
    };
  });
}

/** A tmpfs keeps the mode of the directory that it covers, as runc does it; crun must be told. */
function tmpfsMode(mount: StepMount["mount"], covered: string): string[] {
  if (mount.type !== "tmpfs") return [];
  const mode = lstatSync(covered, { throwIfNoEntry: false })?.mode ?? 0o1777;
  return [`mode=${(mode & 0o7777).toString(8)}`];
}

interface ContainerRun {
  readonly name: string;
  readonly makeSpec: (runtime: Runtime) => object;
  readonly options: StepOptions;
  readonly waiting: WaitingRuntime | undefined;
}

function runInContainer(
  environment: Environment,
  { name, makeSpec, options, waiting }: ContainerRun,
): Promise<number> {
  const { runtimes } = environment;
  let attempts = 0;
  return runtimes.use(async (runtime) => {
    const spec = makeSpec(runtime);
    const run = (start: RuntimeStart | WaitingRuntime) => runContainer({ ...options, start, spec });
    if (attempts === 0 && waiting?.start.runtime === runtime && waiting.give(spec)) {
      const result = await run(waiting).catch((error: unknown) => runtimes.withoutWait(error));
      if (result !== undefined) return result;
    }
    return await run(runtimeStart(environment, runtime, { bundle: `${name}/bundle${attempts++}`, options }));
  });
}

/** A runtime that waits for the step before this one. */
function startWaiting(
  environment: Environment,
  name: string,
  options: StepOptions,
): WaitingRuntime | undefined {
  const runtime = environment.runtimes.canWait();
  return (
    runtime && new WaitingRuntime(runtimeStart(environment, runtime, { bundle: `${name}/waiting`, options }))
  );
}

function runtimeStart(
  environment: Environment,
  runtime: Runtime,
  { bundle, options }: { readonly bundle: string; readonly options: StepOptions },
): RuntimeStart {
  return {
    runtime,
    bundle: newMemoryDir(environment, bundle),
    // runc names a cgroup of the host so.
    id: `slipway-${randomBytes(6).toString("hex")}`,
    output: options.onOutput ? "pipe" : "inherit",
    stdin: options.onOutput || options.stdin === false ? "ignore" : "inherit",
  };
}
