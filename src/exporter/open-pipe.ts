import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isErrno } from "../util/index.ts";

const pollMs = 50;

/** Opens a named pipe, and waits for its reader. The kernel would wait in a thread that nothing ends; so would a write to it by
 * `node:fs`, which is why the pipe is a socket to Node.
 * @throws the signal's reason */
export async function openPipe(file: string, signal?: AbortSignal): Promise<Writable> {
  for (;;) {
    signal?.throwIfAborted();
    const fd = tryOpen(file);
    if (fd !== undefined) return new Socket({ fd, readable: false, writable: true });
    await sleep(pollMs);
  }
}

/** Undefined while nobody reads. */
function tryOpen(file: string): number | undefined {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENXIO")) return undefined;
    throw error;
  }
}
