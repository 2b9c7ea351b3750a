import { isMainThread, workerData } from "node:worker_threads";
import { serveBulkRequests } from "./bulk-thread.ts";
import { serveCopies } from "./copy-threads.ts";
import { describeRunMode, type Environment, prepareEnvironment } from "./environment.ts";
import { handlers } from "./handlers.ts";
import { type ReplyMessage, type RequestMessage, toErrorData, type ThreadData } from "./messages.ts";
import { exitAtOnce, setParentDeathSignal, umount } from "../sys/index.ts";
import { prepareFilter } from "./step-filter.ts";
import type { WorkerSetup } from "./worker-setup.ts";
import { removePath } from "./remove-path.ts";

// The entry point of the child process: the first process of its pid namespace, started by launch.ts.

/** Resolves when the channel took the message, so that a reader that is slower than we are slows us down. */
function send(message: ReplyMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) return resolve();
    process.send!(message, () => resolve());
  });
}

function main(): void {
  // Whatever becomes of the main process: this one ends, and with it every process and mount of its namespaces.
  process.on("disconnect", () => process.exit(1));
  setParentDeathSignal("SIGKILL");
  if (!process.connected) process.exit(1); // it ended while this program was loaded
  const setup = JSON.parse(process.argv[2] ?? "") as WorkerSetup;
  const environment = prepareEnvironment(setup);
  const handle = handlers(environment, (log) => send({ kind: "log", log }));
  const whenQuiet = setTimeout(() => environment.bulk.prepare(), QUIET_MS).unref();
  process.on("message", (message: RequestMessage) => {
    whenQuiet.refresh();
    if (message.kind === "end") void end(environment);
    else void answer(message.id, () => handle(message.method, message.request));
  });
  void send({ kind: "ready", runMode: describeRunMode(environment) });
  if (setup.firstWork === "files") environment.bulk.prepare();
  else setImmediate(() => prepareFilter(environment)); // while the main process sends its first request
}

/** A process that runs for so long may be followed by much work on files. After a shorter one, which the thread's start would slow
 * down, there is mostly little. */
const QUIET_MS = 500;

async function answer(id: number, work: () => Promise<unknown>): Promise<void> {
  try {
    await send({ kind: "result", id, value: await work() });
  } catch (error) {
    await send({ kind: "error", id, error: toErrorData(error) });
  }
}

/** Nobody waits for what is still being made: after a failure the build has ended before it. */
async function end(environment: Environment): Promise<void> {
  const { store, memoryDir, bulk, contexts, stubs, rubbish, locks } = environment;
  await bulk.stop("remove");
  contexts.remove();
  stubs.remove();
  locks.freeAll();
  locks.collect();
  await rubbish.done();
  umount(memoryDir, { detach: true });
  removePath(store.temp.dir());
  await environment.layerSync.run();
  store.temp.close(); // the note of the sync was written there
  process.once("exit", exitAtOnce); // behind the starter, which keeps what was compiled
  process.exit(0);
}

function serve(thread: ThreadData): void {
  if (thread.kind === "bulk") serveBulkRequests(thread.setup);
  else serveCopies();
}

try {
  if (isMainThread) main();
  else serve(workerData as ThreadData);
} catch (error) {
  void send({ kind: "failed", error: toErrorData(error) }).then(() => process.exit(1));
}
