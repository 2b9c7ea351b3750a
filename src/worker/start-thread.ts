import { Worker as Thread } from "node:worker_threads";
import type { ThreadData } from "./messages.ts";

/** Starts a thread of this worker. It ends with the process. */
export function startThread(data: ThreadData): Thread {
  // Node would warn of descriptors that came from our own system calls and that it closes for us.
  return new Thread(process.argv[1]!, { workerData: data, trackUnmanagedFds: false });
}
