import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** How a request goes wrong. */
export type Fault =
  /** A whole answer in place of the right one. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: OutgoingHttpHeaders;
      readonly body?: string | Uint8Array;
    }
  /** The connection is closed without an answer. */
  | { readonly kind: "reset" }
  /** No answer at all. */
  | { readonly kind: "silence" }
  /** A blob's connection is closed, or falls silent, after some bytes. */
  | { readonly kind: "cut" | "stall"; readonly afterBytes: number }
  /** The whole blob is sent although a range was asked for. */
  | { readonly kind: "ignore-range" };

/** Plays a fault that replaces the answer; the others are left to the answer's maker. */
export function playFault(fault: Fault, response: ServerResponse): boolean {
  if (fault.kind === "answer") response.writeHead(fault.status, fault.headers).end(fault.body);
  else if (fault.kind === "reset") response.destroy();
  else return fault.kind === "silence";
  return true;
}
