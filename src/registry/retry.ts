import { setTimeout as sleep } from "node:timers/promises";
import { ownSignal } from "../util/index.ts";
import type { NetworkLimits } from "./limits.ts";
import { RegistryError } from "./registry-error.ts";

export interface RetryOptions {
  readonly limits: NetworkLimits;
  readonly signal: AbortSignal | undefined;
  readonly note: (text: string) => void;
}

/** Runs `attempt` until it succeeds, fails for good, or `maxTries` is reached; the last error is thrown. */
export async function withRetries<Value>(
  attempt: () => Promise<Value>,
  options: RetryOptions,
): Promise<Value> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      await pauseBeforeRetry(error, tries, options);
    }
  }
}

/** Waits before another try, or throws `error` when there shall be none.
 * @param tries how many failed so far, 1 or more */
export async function pauseBeforeRetry(error: unknown, tries: number, options: RetryOptions): Promise<void> {
  const { limits, signal, note } = options;
  signal?.throwIfAborted();
  if (!(error instanceof RegistryError) || !error.isTransient || tries >= limits.maxTries) throw error;
  const pauseMs = error.retryAfterMs ?? backOff(tries, limits.retryDelayMs);
  if (pauseMs > limits.maxRetryAfterMs) throw error;
  note(`${error.message}; try ${tries + 1} of ${limits.maxTries} in ${Math.round(pauseMs)} ms`);
  await sleep(pauseMs, undefined, signal && { signal: ownSignal(signal) });
}

/** Doubling, with up to a quarter more or less so that parallel transfers do not come back in step. */
function backOff(tries: number, firstMs: number): number {
  return firstMs * 2 ** (tries - 1) * (0.75 + Math.random() / 2);
}

/** `Retry-After` in milliseconds: seconds or an HTTP date. Undefined when absent or unreadable. */
export function parseRetryAfter(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, time - nowMs);
}
