import { setTimeout as sleep } from "node:timers/promises";
import type { SpawnedProcess } from "../sys/index.ts";
import { readIfPresent } from "./read-if-present.ts";
import { isErrno } from "../util/index.ts";

/** The process that a runtime wrote into a file; undefined as long as it has not. */
export function readPidFile(file: string): number | undefined {
  const pid = Number(readIfPresent(file));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** One that has ended needs no signal. */
export function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

/** The runtime's own end does not end what it has started: the process in the container is killed, if it is the first one its pid
 * namespace with it. While it is being made there is no such process yet, so this repeats; a runtime that hangs is killed after 5 seconds. */
export async function killUntilGone(runtime: SpawnedProcess, pidFile: string): Promise<void> {
  for (let round = 0; runtime.isRunning(); round++) {
    const pid = readPidFile(pidFile);
    if (pid !== undefined) killQuietly(pid, "SIGKILL");
    if (round > 250) runtime.kill("SIGKILL");
    await sleep(20);
  }
}
