import { parentPort, Worker as Thread } from "node:worker_threads";
import type { ThreadData } from "./messages.ts";

const END = "end";

/** Starts a thread of this worker. It ends with the process. */
export function startThread(data: ThreadData): Thread {
  return new Thread(process.argv[1]!, {
    workerData: data,
    // Node would warn of descriptors that came from our own system calls and that it closes for us.
    trackUnmanagedFds: false,
    // Half of the default: bulk work leaves so little behind that more room saves no time.
    resourceLimits: { maxYoungGenerationSizeMb: 24 },
  });
}

/** Ends a thread at its next turn, whatever it has begun. `terminate` would end it at once, and within native code that takes the process
 * with it. */
export async function endThread(thread: Thread): Promise<void> {
  if (thread.threadId === -1) return; // it has ended
  const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
  thread.postMessage(END);
  await ended;
}

/** Body of a thread: takes requests until it is to end.
 * @param beforeEnd ends what it has started itself */
export function serveThread<Request>(
  onRequest: (request: Request) => void,
  beforeEnd: () => Promise<void> = () => Promise.resolve(),
): void {
  parentPort!.on("message", (message: Request | typeof END) => {
    if (message === END)
      void beforeEnd().finally(() => process.exit()); // of a thread, that ends the thread
    else onRequest(message);
  });
}
