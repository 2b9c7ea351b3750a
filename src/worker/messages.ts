import { CodedError } from "../errors/index.ts";
import type { BulkApi } from "./bulk-requests.ts";
import type { WorkerApi, WorkerLog } from "./protocol.ts";
import { WorkerError } from "./worker-error.ts";

/** Main process → worker. */
export type RequestMessage =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly method: keyof WorkerApi;
      readonly request: unknown;
    }
  | { readonly kind: "end" };

/** Worker → main process. */
export type ReplyMessage =
  | { readonly kind: "ready"; readonly runMode: string }
  | { readonly kind: "failed"; readonly error: ErrorData }
  | { readonly kind: "result"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: ErrorData }
  | { readonly kind: "log"; readonly log: WorkerLog };

/** First thread of the worker → a thread for bulk work. */
export interface BulkRequest {
  readonly method: keyof BulkApi;
  readonly request: unknown;
}

export type BulkReply =
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: ErrorData };

/** An error, as it crosses the channel. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

export function toErrorData(error: unknown): ErrorData {
  if (error instanceof CodedError) return { code: error.code, message: error.message, hint: error.hint };
  const code = error instanceof Error && "code" in error ? String(error.code) : "INTERNAL";
  return { code, message: error instanceof Error ? error.message : String(error), hint: undefined };
}

export function fromErrorData({ code, message, hint }: ErrorData): WorkerError {
  return new WorkerError(code, message, { hint });
}

/** What the child is told on its command line, as JSON. */
export interface WorkerSetup {
  readonly storeRoot: string;
  /** Directory of the main process in `tmp/`, in which the worker has its own. */
  readonly owner: string;
  readonly part: string;
  readonly userNamespace: boolean;
  readonly runtime: string | undefined;
}
