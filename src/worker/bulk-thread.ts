import { parentPort } from "node:worker_threads";
import { openStore } from "../content/index.ts";
import { type BulkApi, bulkRequests } from "./bulk-requests.ts";
import { CopyThreads } from "./copy-threads.ts";
import { type BulkReply, type BulkRequest, toErrorData, type WorkerSetup } from "./messages.ts";

/** Body of a thread of `BulkPool`. */
export function serveBulkRequests(setup: WorkerSetup): void {
  const api = bulkRequests({
    store: openStore(setup.storeRoot, setup),
    opaqueXattr: setup.userNamespace ? "user.overlay.opaque" : "trusted.overlay.opaque",
    helpers: new CopyThreads(),
  });
  parentPort!.on("message", (message: BulkRequest) => {
    void answer(api, message).then((reply) => parentPort!.postMessage(reply));
  });
}

async function answer(api: BulkApi, { method, request }: BulkRequest): Promise<BulkReply> {
  try {
    const call = api[method] as (request: unknown) => Promise<unknown>;
    return { kind: "result", value: await call(request) };
  } catch (error) {
    return { kind: "error", error: toErrorData(error) };
  }
}
