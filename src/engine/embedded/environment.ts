import type { BuildContext } from "../../context/index.ts";
import type { Store } from "../../content/index.ts";
import type { ImageRecord } from "../../image/index.ts";
import type { SourceOp } from "../../llb/index.ts";
import type { Descriptor } from "../../oci/index.ts";
import type { EmitEvent } from "../../progress/index.ts";
import type { RemoteSources } from "../../source/index.ts";
import type { ContextSource, FirstWork, WorkerApi, WorkerLog } from "../../worker/index.ts";
import type { Stack } from "../stack.ts";
import type { ResultSource } from "../step-result.ts";

/** What the embedded engine needs from whoever creates it. */
export interface EmbeddedEngineOptions {
  readonly store: Store;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
  /** The image behind a `docker-image://` source; it was resolved before the graph was made. */
  readonly imageOf: (source: SourceOp) => ImageRecord;
  /** Brings a blob into the content store, verified. Called only when the store does not hold it. */
  readonly fetchBlob: FetchBlob;
  /** Asked in this order for results that the store does not have. */
  readonly resultSources?: readonly ResultSource[];
  /** Opens a local context of the session. */
  readonly openContext: (name: string, excludePatterns: readonly string[]) => Promise<OpenedContext>;
  /** Files and repositories of the network; asked for when a graph first names one. */
  readonly remoteSources: () => Promise<RemoteSources>;
  readonly startWorker: (
    onLog: (log: WorkerLog) => void,
    firstWork: FirstWork,
  ) => Promise<WorkerApi & AsyncDisposable>;
}

export type FetchBlob = (
  reference: string,
  blob: Descriptor,
  onProgress: (receivedBytes: number) => void,
) => Promise<void>;

export interface OpenedContext {
  /** For digests, in this process. */
  readonly context: BuildContext;
  /** For the worker, which reads the files. */
  readonly source: ContextSource;
}

/** The result of a vertex: a stack of layers, or a build context. */
export type Value =
  | {
      readonly kind: "stack";
      readonly stack: Stack;
      readonly ran: boolean;
      /** Of a file or repository of the network: which it is, in words that explain a miss. */
      readonly version?: string;
    }
  | { readonly kind: "context"; readonly opened: OpenedContext };

export function asStack(value: Value | undefined): Stack {
  if (value?.kind !== "stack") throw new Error("Internal error: a step's base is not a stack of layers");
  return value.stack;
}
