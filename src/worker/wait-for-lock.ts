import { setTimeout as sleep } from "node:timers/promises";
import { tryFlock } from "../sys/index.ts";

/** Longer, and a person wonders what goes on. */
const silentMs = 500;

/** Takes a lock as soon as nobody has one in its way.
 * @param onLongWait called once when that takes long
 * @throws the signal's reason */
export async function waitForLock(
  fd: number,
  kind: "exclusive" | "shared",
  { signal, onLongWait }: { readonly signal: AbortSignal; readonly onLongWait?: () => void },
): Promise<void> {
  let waitedMs = 0;
  for (let waitMs = 5; !tryFlock(fd, kind); waitMs = Math.min(waitMs * 2, 200)) {
    await sleep(waitMs, undefined, { signal });
    const isSilent = waitedMs < silentMs;
    waitedMs += waitMs;
    if (isSilent && waitedMs >= silentMs) onLongWait?.();
  }
}
