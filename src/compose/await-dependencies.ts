import { ComposeError } from "./compose-error.ts";
import { waitUntilHealthy } from "./health.ts";
import type { Dependency, Service } from "./project.ts";
import type { RunningService } from "./running-service.ts";

/** A service that was started, and may be started again. */
export interface WatchedService {
  readonly first: RunningService;
  /** Its exit code, once it is not started again. */
  readonly ended: Promise<number>;
}

/** By the names of their services. */
export type WatchedServices = ReadonlyMap<string, WatchedService>;

/** Waits until what a service depends on is as it asks for. What is not among `watched` was not to be started.
 * @throws {ComposeError} `COMPOSE_DEPENDENCY` it will not be
 * @throws the signal's reason */
export async function awaitDependencies(
  { dependsOn }: Service,
  { watched, signal }: { readonly watched: WatchedServices; readonly signal: AbortSignal },
): Promise<void> {
  for (const dependency of dependsOn) {
    const service = watched.get(dependency.service);
    if (service) await awaitDependency(dependency, service, signal);
  }
}

async function awaitDependency(
  { service: name, condition }: Dependency,
  { first, ended }: WatchedService,
  signal: AbortSignal,
): Promise<void> {
  switch (condition) {
    case "service_started":
      return;
    case "service_completed_successfully": {
      const code = await ended;
      if (code !== 0) throw failed(`service "${name}" didn't complete successfully: exit ${code}`);
      return;
    }
    case "service_healthy": {
      if (!first.health) throw failed(`service "${name}" has no healthcheck configured`);
      const { test, exec } = first.health;
      const done = new AbortController();
      const waiting = AbortSignal.any([signal, done.signal]);
      const exited = ended.then((code) => {
        throw failed(`dependency failed to start: service "${name}" exited (${code})`);
      });
      try {
        await Promise.race([waitUntilHealthy(name, test, { exec, signal: waiting }), exited]);
      } finally {
        exited.catch(() => {}); // it may end later
        done.abort();
      }
      return;
    }
    default:
      throw new Error(`Internal error: unknown condition ${String(condition satisfies never)}`);
  }
}

function failed(message: string): ComposeError {
  return new ComposeError("COMPOSE_DEPENDENCY", message);
}
