import { parentPort } from "node:worker_threads";
import { LayerDigests, LayersTrees } from "../snapshot/index.ts";
import { type BulkApi, openBulkApi } from "./bulk-requests.ts";
import { CopyThreads } from "./copy-threads.ts";
import { type BulkReply, type BulkRequest, toErrorData } from "./messages.ts";
import type { WorkerSetup } from "./worker-setup.ts";
import { serveThread } from "./start-thread.ts";

/** Body of a thread of `BulkPool`. */
export function serveBulkRequests(setup: WorkerSetup): void {
  const helpers = new CopyThreads();
  const api = openBulkApi(setup, {
    helpers,
    readBefore: { digests: new LayerDigests(), trees: new LayersTrees() },
  });
  serveThread(
    (request: BulkRequest) => void answer(api, request).then((reply) => parentPort!.postMessage(reply)),
    () => helpers.end(),
  );
}

async function answer(api: BulkApi, { method, request }: BulkRequest): Promise<BulkReply> {
  try {
    const call = api[method] as (request: unknown) => Promise<unknown>;
    return { kind: "result", value: await call(request) };
  } catch (error) {
    return { kind: "error", error: toErrorData(error) };
  }
}
