import type { RestartPolicy } from "./project.ts";

/** Is a service started again that ended with this code, after so many times? */
export function isRestarted(
  { condition, maxRetries = Infinity }: RestartPolicy,
  { code, retries }: { readonly code: number; readonly retries: number },
): boolean {
  switch (condition) {
    case "no":
      return false;
    case "on-failure":
      return code !== 0 && retries < maxRetries;
    case "always":
    case "unless-stopped":
      return true;
    default:
      throw new Error(`Internal error: unknown policy ${String(condition satisfies never)}`);
  }
}

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** One that ran for so long has not failed to start. */
const steadyMs = 10_000;

/** How long to wait before it is started again: twice as long each time, as Docker does. */
export function nextDelayMs(lastMs: number | undefined, ranMs: number): number {
  return lastMs === undefined || ranMs >= steadyMs ? firstDelayMs : Math.min(lastMs * 2, longestDelayMs);
}
