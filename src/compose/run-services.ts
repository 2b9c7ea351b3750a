import type { LogPrinter } from "./log-printer.ts";
import { displayNameOf, type Service } from "./project.ts";

/** A service that runs. */
export interface RunningService {
  /** Resolves with the exit code when the service has ended, however. */
  readonly ended: Promise<number>;
  /** Asks the service to end, and makes it end after `graceMs`. */
  stop(graceMs: number): void;
}

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
  /** End all when one has ended. */
  readonly abortOnExit: boolean;
  /** Name of the service whose exit code is the result. */
  readonly exitCodeFrom?: string | undefined;
  readonly graceMs: number;
}

/** Starts the services in the given order, shows their output, and resolves when all have ended: with the exit code of
 * `exitCodeFrom`, of the first one that ended if `abortOnExit`, or 0. Services are stopped in reverse order of their start, dependents first; when one cannot be
 * started, those that run are stopped before the error is thrown.
 * @throws whatever `start` threw, or the signal's reason once everything has ended */
export async function runServices(
  services: readonly Service[],
  options: RunServicesOptions,
): Promise<number> {
  const running = new Map<string, RunningService>();
  const ends: Promise<void>[] = [];
  const codes = new Map<string, number>();
  let isStopping = false;
  const stopAll = () => {
    isStopping = true;
    for (const service of [...running.values()].toReversed()) service.stop(options.graceMs);
  };
  options.signal.addEventListener("abort", stopAll, { once: true });
  try {
    for (const service of services) {
      if (isStopping) break;
      const name = displayNameOf(service);
      const started = await options.start(service, (stream, text) =>
        options.printer.output(name, stream, text),
      );
      running.set(name, started);
      if (options.signal.aborted) started.stop(options.graceMs);
      ends.push(
        started.ended.then((code) => {
          running.delete(name);
          options.printer.flush(name);
          options.printer.note(`${name} exited with code ${code}`);
          codes.set(service.name, code);
          if (options.abortOnExit && !isStopping) stopAll();
        }),
      );
    }
    await Promise.all(ends);
  } catch (error) {
    stopAll();
    await Promise.allSettled(ends);
    throw error;
  } finally {
    options.signal.removeEventListener("abort", stopAll);
  }
  options.signal.throwIfAborted();
  if (options.exitCodeFrom !== undefined) return codes.get(options.exitCodeFrom) ?? 0;
  return options.abortOnExit ? ([...codes.values()][0] ?? 0) : 0;
}
