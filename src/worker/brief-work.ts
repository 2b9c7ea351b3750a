import type { Store } from "../content/index.ts";
import type { FileAction } from "../llb/index.ts";
import { LayerDigests, LayersTrees, openSource } from "../snapshot/index.ts";
import { type FileTree, walkSources } from "../tree/index.ts";
import { type BulkApi, openBulkApi } from "./bulk-requests.ts";
import { CopyThreads } from "./copy-threads.ts";
import type { WorkerSetup } from "./worker-setup.ts";
import type { TreeSource } from "./protocol.ts";
import { toCopySource } from "./to-copy-source.ts";

/** Bulk work that takes less time than a thread takes to start, done in this thread, one request at a time. */
export class BriefWork {
  readonly #setup: WorkerSetup;
  readonly #store: Store;
  readonly #readBefore = { digests: new LayerDigests(), trees: new LayersTrees() };
  #api: BulkApi | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(setup: WorkerSetup, store: Store) {
    this.#setup = setup;
    this.#store = store;
  }

  /** Of a copy of few files, or their digest. Looks at no more files than it takes to say so. */
  isBrief(method: keyof BulkApi, request: unknown): boolean {
    const copies = toCopies(method, request);
    try {
      return copies !== undefined && this.#areFew(copies);
    } catch {
      return true; // nothing is copied then, and the request itself says why
    }
  }

  call(method: keyof BulkApi, request: unknown): Promise<unknown> {
    this.#api ??= openBulkApi(this.#setup, { helpers: new CopyThreads(), readBefore: this.#readBefore });
    const work = this.#api[method] as (request: unknown) => Promise<unknown>;
    const result = this.#last.then(() => work(request));
    this.#last = result.catch(() => {}); // told to the caller
    return result;
  }

  /** Resolves when all that was begun has ended. */
  async done(): Promise<void> {
    await this.#last;
  }

  #areFew({ actions, sources }: Copies): boolean {
    const room = { entries: MOST_ENTRIES, bytes: MOST_BYTES };
    return actions.every((action) => {
      if (action.kind !== "copy") return true;
      if (action.attemptUnpack || action.parents) return false;
      const from = sources[action.from];
      if (from === undefined) return true; // an empty tree
      using source = openSource(toCopySource(this.#store, from), this.#readBefore.trees);
      return takeRoom(room, source.tree, action);
    });
  }
}

/** Some 10 ms. */
const MOST_ENTRIES = 200;
const MOST_BYTES = 8 << 20;

interface Copies {
  readonly actions: readonly FileAction[];
  readonly sources: readonly TreeSource[];
}

/** What a request copies or digests, if it does no more than that. */
function toCopies(method: keyof BulkApi, request: unknown): Copies | undefined {
  if (method === "applyFileActions") return request as Parameters<BulkApi["applyFileActions"]>[0];
  if (method !== "digestSources") return undefined;
  const { lowers, actions } = request as Parameters<BulkApi["digestSources"]>[0];
  const source: TreeSource = { kind: "layers", layers: lowers };
  return {
    actions: actions.map((action) => (action.kind === "copy" ? { ...action, from: 0 } : action)),
    sources: [source],
  };
}

function takeRoom(
  room: { entries: number; bytes: number },
  tree: FileTree,
  action: FileAction & { kind: "copy" },
): boolean {
  for (const { entries } of walkSources(tree, action)) {
    for (const { stat } of entries) {
      room.entries--;
      if (stat.type === "file") room.bytes -= stat.sizeBytes;
      if (room.entries < 0 || room.bytes < 0) return false;
    }
  }
  return true;
}
