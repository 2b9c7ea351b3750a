import { CodedError } from "../errors/index.ts";
import type { CopiedBatch } from "../snapshot/index.ts";
import type { BulkApi } from "./bulk-requests.ts";
import type { WorkerApi, WorkerLog } from "./protocol.ts";
import { WorkerError } from "./worker-error.ts";
import type { WorkerSetup } from "./worker-setup.ts";

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

/** What a thread of the worker is told when it starts. */
export type ThreadData = { readonly kind: "bulk"; readonly setup: WorkerSetup } | { readonly kind: "copy" };

/** First thread of the worker → a thread for bulk work. */
export interface BulkRequest {
  readonly method: keyof BulkApi;
  readonly request: unknown;
}

export type BulkReply =
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: ErrorData };

/** A thread that copies → the one that it helps: once, when it is there, and then an answer to each batch, in order. */
export type CopyReply =
  | { readonly kind: "ready" }
  | { readonly kind: "result"; readonly value: CopiedBatch }
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
