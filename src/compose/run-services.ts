import { setTimeout as sleep } from "node:timers/promises";
import { awaitDependencies, type WatchedService, type WatchedServices } from "./await-dependencies.ts";
import type { LogPrinter } from "./log-printer.ts";
import { displayNameOf, type Service } from "./project.ts";
import type { RunningService } from "./running-service.ts";
import { isRestarted, nextDelayMs } from "./restart.ts";

/** Starts a service; resolves when it runs. */
export type StartService = (
  service: Service,
  onOutput: (stream: 1 | 2, text: string) => void,
) => Promise<RunningService>;

export interface RunServicesOptions {
  readonly start: StartService;
  readonly printer: LogPrinter;
  /** Aborted: stop everything, each with the grace period. */
  readonly signal: AbortSignal;
  /** Called when every service was started once. */
  readonly onAllStarted?: (watched: WatchedServices) => void;
  /** End all when one has ended. */
  readonly abortOnExit: boolean;
  /** Name of the service whose exit code is the result. */
  readonly exitCodeFrom?: string | undefined;
  readonly graceMs: number;
}

/** Starts the services in the given order, each when its dependencies are as it asks for, shows their output, and resolves when all
 * have ended and none is to be started again: with the exit code of
 * `exitCodeFrom`, of the first one that ended if `abortOnExit`, or 0. Services are stopped in reverse order of their start, dependents first; when one cannot be
 * started, those that run are stopped before the error is thrown.
 * @throws whatever `start` threw, or the signal's reason once everything has ended
 * @throws {ComposeError} `COMPOSE_DEPENDENCY` */
export async function runServices(
  services: readonly Service[],
  options: RunServicesOptions,
): Promise<number> {
  const running = new Map<string, RunningService>();
  const stopping = new AbortController();
  const stopAll = () => {
    stopping.abort();
    for (const service of [...running.values()].toReversed()) service.stop(options.graceMs);
  };
  const watched = new Map<string, WatchedService>();
  const codes = new Map<string, number>();
  // They are meant to end before the others do.
  const jobs = new Set(
    services.flatMap(({ dependsOn }) =>
      dependsOn.flatMap(({ service, condition }) =>
        condition === "service_completed_successfully" ? service : [],
      ),
    ),
  );
  const allEnded = () => [...watched.values()].map(({ ended }) => ended);
  options.signal.addEventListener("abort", stopAll, { once: true });
  try {
    for (const service of services) {
      if (!(await isReady(service, { watched, signal: stopping.signal }))) break;
      const one = await watch(service, { ...options, running, stopping: stopping.signal });
      watched.set(service.name, one);
      const end = one.ended.then((code) => {
        if (code === 0 && jobs.has(service.name)) return;
        codes.set(service.name, code);
        if (options.abortOnExit && !stopping.signal.aborted) stopAll();
      });
      end.catch(() => {}); // thrown below
    }
    if (!stopping.signal.aborted) options.onAllStarted?.(watched);
    await Promise.all(allEnded());
  } catch (error) {
    stopAll();
    await Promise.allSettled(allEnded());
    throw error;
  } finally {
    options.signal.removeEventListener("abort", stopAll);
  }
  options.signal.throwIfAborted();
  if (options.exitCodeFrom !== undefined) return codes.get(options.exitCodeFrom) ?? 0;
  return options.abortOnExit ? ([...codes.values()][0] ?? 0) : 0;
}

/** False when everything is to stop. */
async function isReady(
  service: Service,
  waiting: { readonly watched: WatchedServices; readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    await awaitDependencies(service, waiting);
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
  }
  return !waiting.signal.aborted;
}

interface WatchOptions extends Pick<RunServicesOptions, "start" | "printer" | "graceMs"> {
  /** Gets the service while it runs. */
  readonly running: Map<string, RunningService>;
  readonly stopping: AbortSignal;
}

/** Starts a service, and again when it has ended, as its restart policy says. */
async function watch(service: Service, options: WatchOptions): Promise<WatchedService> {
  const { start, printer, running, stopping, graceMs } = options;
  const name = displayNameOf(service);
  const begin = async () => {
    const started = await start(service, (stream, text) => printer.output(name, stream, text));
    running.set(name, started);
    if (stopping.aborted) started.stop(graceMs);
    return started;
  };
  const untilEnded = async (first: RunningService) => {
    let delayMs: number | undefined;
    for (let [one, retries] = [first, 0]; ; retries++) {
      const beganMs = Date.now();
      const code = await one.ended;
      running.delete(name);
      printer.flush(name);
      const isLast = stopping.aborted || !isRestarted(service.restart, { code, retries });
      printer.note(`${name} exited with code ${code}${isLast ? "" : " (restarting)"}`);
      if (isLast) return code;
      delayMs = nextDelayMs(delayMs, Date.now() - beganMs);
      await sleep(delayMs, undefined, { signal: stopping }).catch(() => {}); // to stop is no error
      if (stopping.aborted) return code;
      one = await begin();
    }
  };
  const first = await begin();
  const ended = untilEnded(first);
  ended.catch(() => {}); // whoever waits for all of them throws it
  return { first, ended };
}
