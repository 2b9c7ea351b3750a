import type { Exec, HealthTest } from "./health.ts";

/** A service that runs. */
export interface RunningService {
  /** Resolves with the exit code when the service has ended, however. */
  readonly ended: Promise<number>;
  /** Asks the service to end, and makes it end after `graceMs`. */
  stop(graceMs: number): void;
  /** What checks it, if anything does; `exec` runs in whichever of its containers is up. */
  readonly health?: { readonly test: HealthTest; readonly exec: Exec } | undefined;
}
