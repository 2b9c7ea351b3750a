import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerConfig } from "../oci/index.ts";
import { ComposeError } from "./compose-error.ts";
import type { Healthcheck, Service } from "./project.ts";

/** What checks a service, everything filled in. */
export type HealthTest = Required<Omit<Healthcheck, "test">> & { readonly args: readonly string[] };

/** Runs a command beside a service. */
export type Exec = (
  args: readonly string[],
  timeoutMs: number,
) => Promise<{ readonly exitCode: number; readonly output: string }>;

/** What the service says, over what its image says, over Docker's defaults; undefined when nothing checks it. */
export function healthTestOf(
  { healthcheck = {} }: Pick<Service, "healthcheck">,
  image: ContainerConfig,
): HealthTest | undefined {
  const base = image.Healthcheck ?? {};
  const [kind, ...words] = healthcheck.test ?? base.Test ?? [];
  if (kind === undefined || kind === "NONE") return undefined;
  const shell = image.Shell ?? ["/bin/sh", "-c"];
  // Zero is what an image has where nothing is set.
  const ms = (own: number | undefined, ns: number | undefined, otherwise: number) =>
    own ?? ((ns ?? 0) / 1_000_000 || otherwise);
  return {
    args: kind === "CMD" ? words : [...shell, words.join(" ")],
    intervalMs: ms(healthcheck.intervalMs, base.Interval, 30_000),
    timeoutMs: ms(healthcheck.timeoutMs, base.Timeout, 30_000),
    startPeriodMs: ms(healthcheck.startPeriodMs, base.StartPeriod, 0),
    startIntervalMs: ms(healthcheck.startIntervalMs, base.StartInterval, 5000),
    retries: healthcheck.retries || base.Retries || 3,
  };
}

/** Resolves as soon as a check succeeds. Failures count from the end of the start period on.
 * @param exec runs a check; one that cannot be run has failed
 * @throws {ComposeError} `COMPOSE_DEPENDENCY` after as many failures in a row as it takes
 * @throws the signal's reason */
export async function waitUntilHealthy(
  name: string,
  test: HealthTest,
  { exec, signal }: { readonly exec: Exec; readonly signal: AbortSignal },
): Promise<void> {
  const startEndMs = Date.now() + test.startPeriodMs;
  for (let failures = 0; failures < test.retries; ) {
    const isStarting = Date.now() < startEndMs;
    await sleep(isStarting ? test.startIntervalMs : test.intervalMs, undefined, { signal });
    const { exitCode, output } = await exec(test.args, test.timeoutMs).catch((error: unknown) => ({
      exitCode: 1,
      output: (error as Error).message,
    }));
    if (exitCode === 0) return;
    signal.throwIfAborted();
    if (!isStarting) failures++;
    if (failures >= test.retries)
      throw new ComposeError(
        "COMPOSE_DEPENDENCY",
        `dependency failed to start: service "${name}" is unhealthy`,
        {
          hint: `its last check ended with code ${exitCode}: ${output.trim() || "no output"}`,
        },
      );
  }
}
