import { openStore } from "../../src/content/index.ts";
import { startWorker, WorkerError } from "../../src/worker/index.ts";

// Runs argv[5…] over layer argv[3] of the store argv[2] with this process's own stdio; argv[4] is "tty" or "pipe".
const [root = "", layer = "", form = "", ...args] = process.argv.slice(2);
const store = openStore(root);
try {
  const worker = await startWorker({
    storeRoot: root,
    owner: store.temp.owner,
    workerFile: process.env["WORKER_FILE"]!,
    attached: true,
  });
  const request = { runId: "attached", env: [], cwd: "/", user: "", mounts: [], lowers: [layer], args };
  const { exitCode } = await worker.runAttached({
    ...request,
    network: "default",
    security: "sandbox",
    tty: form === "tty",
  });
  await worker[Symbol.asyncDispose]();
  process.exitCode = exitCode;
} catch (error) {
  if (!(error instanceof WorkerError)) throw error;
  process.stdout.write(`${error.code}: ${error.message} | ${error.hint}\n`);
}
