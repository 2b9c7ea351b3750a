import { StringDecoder } from "node:string_decoder";
import { BuildError, type RunOptions, type StepEngine, toRunRequest } from "../build/index.ts";
import type { ImageRecord } from "../image/index.ts";
import { makeDirectory } from "../util/index.ts";
import {
  type RunRequest,
  WorkerError,
  type WorkerApi,
  type WorkerLog,
  type WorkerMount,
} from "../worker/index.ts";
import { type Exec, healthTestOf } from "./health.ts";
import type { ComposeVolume, Service } from "./project.ts";
import { locationOf } from "./yaml-tree.ts";
import type { StartService } from "./run-services.ts";
import type { RunningService } from "./running-service.ts";

/** What a command line changes of a service's own settings (`compose run`). */
export type ServiceOverrides = Partial<
  Pick<RunOptions, "command" | "entrypoint" | "workingDir" | "user" | "env" | "binds">
>;

export interface ServiceRunOptions {
  readonly steps: StepEngine;
  readonly volumes: ReadonlyMap<string, ComposeVolume>;
  readonly overrides?: ServiceOverrides;
}

/** The request that runs a service's image as the service says. Missing directories to bind are made where the file asks for it. */
export async function toServiceRequest(
  service: Service,
  record: ImageRecord,
  { steps, volumes, overrides = {} }: ServiceRunOptions,
): Promise<RunRequest> {
  const binds = service.volumes.filter((volume) => volume.kind === "bind");
  for (const { source, createSource } of binds) if (createSource) makeDirectory(source);
  const removed = Object.keys(service.environment).filter((name) => service.environment[name] === null);
  const env = Object.entries(service.environment).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${value}`],
  );
  const { entrypoint, ...rest } = overrides;
  const request = await runRequest(
    service,
    record,
    {
      command: commandOf(service, record),
      ...entrypointOf(service, entrypoint),
      ...(service.workingDir !== undefined && { workingDir: service.workingDir }),
      ...(service.user !== undefined && { user: service.user }),
      network: "host",
      ...rest,
      env: [...env, ...(overrides.env ?? [])],
      binds: [
        ...binds.map(({ source, target, readonly }) => ({ source, dest: target, readonly })),
        ...(overrides.binds ?? []),
      ],
    },
    steps,
  );
  const isRemoved = (entry: string) => removed.includes(entry.split("=", 1)[0]!);
  const given = new Set(overrides.env ?? []);
  const mounts = service.volumes.flatMap((volume): WorkerMount[] => {
    if (volume.kind !== "volume") return [];
    const { source, target, readonly, noCopy } = volume;
    const name = source === undefined ? undefined : volumes.get(source)!.name;
    return [{ type: "volume", dest: target, name, layers: noCopy ? [] : request.lowers, readonly }];
  });
  return { ...request, mounts, env: request.env.filter((entry) => !isRemoved(entry) || given.has(entry)) };
}

/** @throws {BuildError} `NO_COMMAND`, with the service that lacks one */
async function runRequest(
  { name, place }: Service,
  ...args: Parameters<typeof toRunRequest>
): Promise<RunRequest> {
  try {
    return await toRunRequest(...args);
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "NO_COMMAND") throw error;
    throw new BuildError(
      "NO_COMMAND",
      `Cannot run service "${name}": its image has neither CMD nor ENTRYPOINT`,
      {
        hint: `give the service a command, or name one: slipway compose run ${name} COMMAND`,
        location: locationOf(place),
      },
    );
  }
}

/** An entrypoint that is set drops the image's CMD; an empty one keeps it, as the engine that Compose drives does. */
function commandOf(service: Service, record: ImageRecord): readonly string[] {
  if (service.command !== undefined && service.command.length > 0) return service.command;
  return service.entrypoint?.length === 0 ? (record.config.config.Cmd ?? []) : [];
}

function entrypointOf(
  service: Service,
  override: readonly string[] | undefined,
): { entrypoint?: readonly string[] } {
  const entrypoint = override ?? service.entrypoint;
  return entrypoint === undefined ? {} : { entrypoint };
}

/** Hands the output of a worker's processes to whoever waits for it, as text. */
export class LogRouter {
  readonly #sinks = new Map<string, (stream: 1 | 2, data: Uint8Array) => void>();

  readonly onLog = ({ runId, stream, data }: WorkerLog): void => this.#sinks.get(runId)?.(stream, data);

  listen(runId: string, onOutput: (stream: 1 | 2, text: string) => void): void {
    const decoders = { 1: new StringDecoder("utf8"), 2: new StringDecoder("utf8") };
    this.#sinks.set(runId, (stream, data) => onOutput(stream, decoders[stream].write(Buffer.from(data))));
  }
}

export interface StarterOptions {
  readonly worker: WorkerApi;
  readonly logs: LogRouter;
  readonly steps: StepEngine;
  readonly volumes: ReadonlyMap<string, ComposeVolume>;
  readonly records: ReadonlyMap<string, ImageRecord>;
}

/** Starts services in a worker. */
export function createStarter({ worker, logs, steps, volumes, records }: StarterOptions): StartService {
  const runIds = new Map<string, string>();
  return async (service, onOutput) => {
    const record = records.get(service.name);
    if (!record) throw new Error(`Internal error: no image for service ${service.name}`);
    const request = await toServiceRequest(service, record, { steps, volumes });
    logs.listen(request.runId, onOutput);
    runIds.set(service.name, request.runId);
    const exec: Exec = (args, timeoutMs) =>
      worker.exec({ runId: runIds.get(service.name)!, args, timeoutMs });
    const test = healthTestOf(service, record.config.config);
    const stopSignal = (record.config.config.StopSignal ?? "SIGTERM") as NodeJS.Signals;
    return { ...runIn(worker, request, stopSignal), health: test && { test, exec } };
  };
}

/** 128 + SIGKILL. */
const killedCode = 137;

function runIn(worker: WorkerApi, request: RunRequest, stopSignal: NodeJS.Signals): RunningService {
  let timer: NodeJS.Timeout | undefined;
  const { runId } = request;
  const ended = worker
    .run(request)
    .then(
      ({ exitCode }) => exitCode,
      (error: unknown) => {
        if (error instanceof WorkerError && error.code === "CANCELLED") return killedCode;
        throw error;
      },
    )
    .finally(() => clearTimeout(timer));
  return {
    ended,
    stop(graceMs) {
      worker.signal({ runId, signal: stopSignal }).catch(() => {}); // a worker that is gone has stopped everything
      timer ??= setTimeout(() => void worker.cancel({ runId }).catch(() => {}), graceMs);
    },
  };
}
