import { openStore } from "../../src/content/index.ts";
import { startWorker } from "../../src/worker/index.ts";
import { shellRequest } from "./shell-request.ts";

// A main process to be killed: starts a worker on the store argv[2] and runs argv[3] over layer argv[4] for a long time.
const [root = "", script = "", layer = ""] = process.argv.slice(2);
const store = openStore(root);
const worker = await startWorker({
  storeRoot: root,
  owner: store.temp.owner,
  workerFile: process.env["WORKER_FILE"]!,
  onLog: ({ data }) => process.stdout.write(data),
});
process.stdout.write("started\n");
await worker.run({
  runId: "long",
  lowers: [layer],
  ...shellRequest(script),
});
