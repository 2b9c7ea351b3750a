import { StepEngine } from "../build/index.ts";
import {
  awaitDependencies,
  type CallerOverrides,
  configHash,
  buildServices,
  checkExternalVolumes,
  checkRunnable,
  claimProject,
  ComposeError,
  configText,
  createStarter,
  displayNameOf,
  findProjectFiles,
  forwardPorts,
  imageNameOf,
  LogPrinter,
  mountedVolumes,
  LogRouter,
  listVariables,
  prepareImages,
  type Project,
  runServices,
  type Service,
  serviceOf,
  startOrder,
  toServiceRequest,
  type UsedVariable,
  type WatchedServices,
} from "../compose/index.ts";
import { printable } from "../errors/index.ts";
import type { Store } from "../content/index.ts";
import type { ImageRecord } from "../image/index.ts";
import { wantsColours } from "../progress/index.ts";
import { startWorker } from "../worker/index.ts";
import type { CliIo } from "./cli-io.ts";
import { filesOptions, openProject, type ProjectFlags } from "./compose-project.ts";
import { shortAttests } from "./flags/build-options.ts";
import { containerEnv } from "./flags/container-env.ts";
import { parseKeyValues } from "./flags/key-values.ts";
import { parseVolume } from "./flags/parse-volume.ts";
import { storageLimits } from "./flags/storage-limits.ts";
import { withForwardedSignals } from "./forward-signals.ts";
import { withInterrupt } from "./interrupt.ts";
import { openCliStore } from "./open-images.ts";
import { formatTable } from "./output/table.ts";
import { reportRunFailure } from "./run-failure.ts";
import { withProgress } from "./with-progress.ts";

export interface ComposeBuildFlags extends ProjectFlags {
  readonly buildArg: readonly string[];
  readonly cache: boolean;
  readonly pull?: boolean;
  readonly push?: boolean;
  readonly withDependencies?: boolean;
  readonly provenance?: string;
  readonly sbom?: string;
}

/** `slipway compose build`. */
export async function composeBuild(
  names: readonly string[],
  flags: ComposeBuildFlags,
  io: CliIo,
): Promise<void> {
  const project = openProject(flags, io, names);
  const all = names.length > 0 ? names : [...project.services.keys()];
  const services = flags.withDependencies
    ? startOrder(project, all)
    : all.map((name) => serviceOf(project, name));
  if (!flags.quiet && !services.some(({ build }) => build)) io.stderr.write("No services to build\n");
  const store = openCliStore(flags, io);
  const overrides = {
    noCache: !flags.cache,
    pull: flags.pull ?? false,
    push: flags.push ?? false,
    attests: shortAttests(flags),
    buildArgs: parseKeyValues("--build-arg", flags.buildArg, io.env),
    ...callerOverrides(io),
  };
  for (const service of services) {
    // One display each: a build ends with its summary.
    await withProgress(flags, io, (work) => buildServices(project, [service], { store, ...work, overrides }));
  }
}

function callerOverrides({ env }: CliIo): CallerOverrides {
  return {
    defaultPlatform: env["DOCKER_DEFAULT_PLATFORM"],
    sourceDateEpoch: env["SOURCE_DATE_EPOCH"],
    limits: storageLimits(env),
  };
}

export interface ComposeUpFlags extends ProjectFlags {
  readonly abortOnContainerExit?: boolean;
  readonly exitCodeFrom?: string;
  readonly build?: boolean;
  readonly start: boolean;
  readonly deps: boolean;
  readonly logPrefix: boolean;
  readonly color: boolean;
  readonly timeout: number;
}

/** `slipway compose up`: until all services have ended. */
export async function composeUp(names: readonly string[], flags: ComposeUpFlags, io: CliIo): Promise<void> {
  const project = openProject(flags, io, names);
  if (flags.exitCodeFrom !== undefined) serviceOf(project, flags.exitCodeFrom);
  const all = names.length > 0 ? names : [...project.services.keys()];
  if (all.length === 0) throw noService(project);
  const services = flags.deps ? startOrder(project, all) : all.map((name) => serviceOf(project, name));
  checkRunnable(project, services);
  const store = openCliStore(flags, io);
  using _claim = claimProject(store, project.name);
  checkExternalVolumes(project, services, store);
  const records = await prepare(project, services, { store, flags, io });
  if (!flags.start) return;
  await using _forwards = await forwardPorts(services);
  const printer = new LogPrinter(services.map(displayNameOf), {
    write: (text) => io.stdout.write(text),
    colours: flags.color && wantsColours(io.stdout, io.env),
    prefix: flags.logPrefix,
  });
  io.exitCode = await withInterrupt((signal) =>
    withServices({ project, store, records }, (start) =>
      runServices(services, {
        start,
        printer,
        signal,
        abortOnExit: (flags.abortOnContainerExit ?? false) || flags.exitCodeFrom !== undefined,
        exitCodeFrom: flags.exitCodeFrom,
        graceMs: flags.timeout * 1000,
      }),
    ),
  );
}

function noService({ profiles }: Project): ComposeError {
  return new ComposeError("COMPOSE_NOT_FOUND", "no service selected", {
    hint: `no profile is active; activate one with --profile, of: ${profiles.join(", ")}`,
  });
}

interface Preparation {
  readonly store: Store;
  readonly flags: ProjectFlags & { readonly build?: boolean };
  readonly io: CliIo;
}

function prepare(
  project: Project,
  services: readonly Service[],
  { store, flags, io }: Preparation,
): Promise<ReadonlyMap<string, ImageRecord>> {
  const isBuilt = flags.build ?? true;
  const options = { store, isBuilt, caller: callerOverrides(io) };
  return withProgress(flags, io, (work) => prepareImages(project, services, { ...options, ...work }), {
    isMeans: true,
  });
}

interface Prepared {
  readonly project: Project;
  readonly store: Store;
  readonly records: ReadonlyMap<string, ImageRecord>;
}

/** A worker in which services can be started. It is not ended by Ctrl-C: services are asked to end first. */
async function withServices<Result>(
  { project, store, records }: Prepared,
  work: (start: ReturnType<typeof createStarter>) => Promise<Result>,
): Promise<Result> {
  const logs = new LogRouter();
  const { signal } = new AbortController();
  await using steps = new StepEngine({ store, emit: () => {}, signal });
  await using worker = await startWorker({
    storeRoot: store.root,
    owner: store.temp.owner,
    onLog: logs.onLog,
  });
  return await work(createStarter({ worker, logs, steps, volumes: project.volumes, records }));
}

export interface ComposeRunFlags extends ProjectFlags {
  readonly entrypoint?: string;
  readonly env: readonly string[];
  readonly envFromFile: readonly string[];
  readonly volume: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly tty: boolean;
  /** Docker's spelling. */
  readonly TTY?: boolean;
  readonly build?: boolean;
  readonly deps: boolean;
  readonly timeout: number;
}

/** `slipway compose run`: ends with the command's exit code. */
export async function composeRun(
  name: string,
  words: readonly string[],
  { flags, io }: { readonly flags: ComposeRunFlags; readonly io: CliIo },
): Promise<void> {
  const project = openProject(flags, io, [name]);
  const service = serviceOf(project, name);
  const dependencies = flags.deps ? startOrder(project, [name]).filter((each) => each !== service) : [];
  checkRunnable(project, [...dependencies, service]);
  try {
    const store = openCliStore(flags, io);
    checkExternalVolumes(project, [...dependencies, service], store);
    const records = await prepare(project, [...dependencies, service], { store, flags, io });
    const run = () => runService(service, { project, words, flags, io, store, records });
    io.exitCode =
      dependencies.length === 0
        ? await run()
        : await beside(service, { project, dependencies, store, records, flags, io }, run);
  } catch (error) {
    reportRunFailure(error, { io, debug: flags.debug ?? false });
  }
}

/** Runs `work` of a service while its dependencies run, as soon as they are as it asks for; their output goes to standard error. */
async function beside(
  service: Service,
  options: Prepared & {
    readonly dependencies: readonly Service[];
    readonly flags: ComposeRunFlags;
    readonly io: CliIo;
  },
  work: () => Promise<number>,
): Promise<number> {
  const { dependencies, flags, io } = options;
  const done = new AbortController();
  const printer = new LogPrinter(dependencies.map(displayNameOf), {
    write: (text) => io.stderr.write(text),
    colours: wantsColours(io.stderr, io.env),
    prefix: true,
  });
  return await withServices(options, async (start) => {
    const graceMs = flags.timeout * 1000;
    let running = Promise.resolve(0);
    try {
      const watched = await new Promise<WatchedServices>((onAllStarted, reject) => {
        running = runServices(dependencies, {
          start,
          printer,
          signal: done.signal,
          abortOnExit: false,
          graceMs,
          onAllStarted,
        });
        running.catch(reject);
      });
      await awaitDependencies(service, { watched, signal: done.signal });
      return await work();
    } finally {
      done.abort(new Error("the command has ended"));
      await running.catch((error: unknown) => {
        if (error !== done.signal.reason) throw error;
      });
    }
  });
}

async function runService(
  service: Service,
  options: Prepared & {
    readonly words: readonly string[];
    readonly flags: ComposeRunFlags;
    readonly io: CliIo;
  },
): Promise<number> {
  const { project, store, records, words, flags, io } = options;
  const tty = Boolean(flags.tty && flags.TTY !== false && io.stdin.isTTY && io.stdout.isTTY);
  const { signal } = new AbortController();
  await using steps = new StepEngine({ store, emit: () => {}, signal, attached: true });
  const request = await toServiceRequest(service, records.get(service.name)!, {
    steps,
    volumes: project.volumes,
    overrides: {
      ...(words.length > 0 && { command: words[0] === "--" ? words.slice(1) : words }),
      ...(flags.entrypoint !== undefined && {
        entrypoint: flags.entrypoint === "" ? [] : [flags.entrypoint],
      }),
      ...(flags.workdir !== undefined && { workingDir: flags.workdir }),
      ...(flags.user !== undefined && { user: flags.user }),
      env: [
        ...(tty ? ["TERM=xterm"] : []),
        ...containerEnv({ env: flags.env, envFile: flags.envFromFile }, io),
      ],
      binds: flags.volume.map((volume) => parseVolume(volume, io.cwd)),
    },
  });
  const worker = await steps.worker();
  return await withForwardedSignals(
    (name) => void worker.signal({ runId: request.runId, signal: name }),
    async () => (await worker.runAttached({ ...request, tty })).exitCode,
  );
}

export interface ComposeConfigFlags extends ProjectFlags {
  readonly services?: boolean;
  readonly images?: boolean;
  readonly volumes?: boolean;
  readonly profiles?: boolean;
  readonly environment?: boolean;
  readonly variables?: boolean;
  readonly hash?: string;
  readonly format: "yaml" | "json";
}

/** `slipway compose config`. */
export function composeConfig(names: readonly string[], flags: ComposeConfigFlags, io: CliIo): void {
  if (flags.variables) return void io.stdout.write(variableTable(listVariables(filesOptions(flags, io))));
  const hashed = flags.hash === undefined || flags.hash === "*" ? [] : flags.hash.split(",");
  const project = openProject(flags, io, [...names, ...hashed]);
  const chosen = startOrder(project, [...names, ...hashed]);
  const sorted = chosen.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const lines = (texts: readonly string[]) => texts.map((text) => `${printable(text)}\n`).join("");
  const isList = flags.services || flags.images || flags.volumes || flags.environment || flags.profiles;
  if (!isList) checkRunnable(project, chosen);
  if (flags.quiet) return;
  if (flags.services) io.stdout.write(lines(sorted.map(({ name }) => name)));
  else if (flags.images) io.stdout.write(lines(sorted.map((service) => imageNameOf(project, service))));
  else if (flags.volumes) io.stdout.write(lines(mountedVolumes(project, sorted)));
  else if (flags.hash !== undefined) {
    const services = hashed.length > 0 ? hashed.map((name) => serviceOf(project, name)) : sorted;
    io.stdout.write(lines(services.map((service) => `${service.name} ${configHash(service)}`)));
  } else if (flags.environment) io.stdout.write(lines(environmentOf(project, flags, io)));
  else if (flags.profiles) io.stdout.write(lines(project.profiles));
  else io.stdout.write(configText(project, { format: flags.format, chosen }));
}

/** What variables are replaced from: NAME=VALUE, sorted. */
function environmentOf(project: Project, flags: ProjectFlags, io: CliIo): readonly string[] {
  const { environment } = findProjectFiles(filesOptions(flags, io));
  const values = new Map([...environment.entries(), ["COMPOSE_PROJECT_NAME", project.name] as const]);
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}`);
}

function variableTable(variables: readonly UsedVariable[]): string {
  const rows = variables.map(({ name, isRequired, defaultValue, alternateValue }) => [
    name,
    String(isRequired),
    defaultValue,
    alternateValue,
  ]);
  return formatTable(["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"], rows);
}
