import {
  Agent as HttpAgent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import type { NetworkLimits } from "./limits.ts";
import { systemError } from "./network-error.ts";
import type { TlsSettings } from "./tls-settings.ts";

export interface TransportRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string | Readable;
  readonly signal?: AbortSignal | undefined;
}

/** One HTTP exchange at a time over kept-alive connections: no retry, no redirect, no authentication.
 * Not `fetch`: it costs twice the processor time per byte and buffers uploads. */
export class Transport {
  readonly #limits: NetworkLimits;
  readonly #tls: TlsSettings;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();
  readonly #knownHosts = new Set<string>();

  constructor(limits: NetworkLimits, tls: TlsSettings) {
    this.#limits = limits;
    this.#tls = tls;
  }

  /** Resolves with the head of the answer; the caller reads, dumps or destroys its body. Rejects with Node's errors. */
  async send(url: URL, request: TransportRequest): Promise<IncomingMessage> {
    const start = url.protocol === "https:" ? (await import("node:https")).request : httpRequest;
    const agent = await this.#agentFor(url);
    for (;;) {
      const { method, headers, signal, body } = request;
      const outgoing = start(url, { method, headers, agent, ...(signal ? { signal } : {}) });
      try {
        const answer = await this.#answerOf(outgoing, url, body);
        this.#knownHosts.add(url.host);
        return answer;
      } catch (error) {
        // The peer closed an idle connection just as we used it: not a failure, unless the body is gone.
        if (!outgoing.reusedSocket || isStream(body) || signal?.aborted) throw error;
      }
    }
  }

  /** Has this host answered before? */
  isKnownHost(url: URL): boolean {
    return this.#knownHosts.has(url.host);
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #agentFor(url: URL): Promise<HttpAgent | HttpsAgent> {
    const options = {
      keepAlive: true,
      maxFreeSockets: 8,
      scheduling: "lifo",
      autoSelectFamilyAttemptTimeout: 1_000,
    } as const;
    const known = this.#agents.get(url.origin);
    if (known) return known;
    const agent =
      url.protocol === "https:"
        ? new (await import("node:https")).Agent({ ...options, ...(await this.#tls.optionsFor(url.host)) })
        : new HttpAgent(options);
    const other = this.#agents.get(url.origin); // made while we waited
    if (other) return other;
    this.#agents.set(url.origin, agent);
    return agent;
  }

  #answerOf(outgoing: ClientRequest, url: URL, body: TransportRequest["body"]): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      let answer: IncomingMessage | undefined;
      const { idleTimeoutMs } = this.#limits;
      this.#limitConnecting(outgoing, url);
      outgoing.setTimeout(idleTimeoutMs, () => {
        const silence = systemError("IDLE_TIMEOUT", `it sent nothing for ${idleTimeoutMs / 1000} s`);
        (answer ?? outgoing).destroy(silence);
      });
      outgoing.on("error", reject);
      outgoing.on("response", (response) => {
        answer = response;
        response.on("error", () => {}); // a body that nobody reads to the end may still break
        resolve(response);
      });
      if (isStream(body)) body.on("error", (error) => outgoing.destroy(error)).pipe(outgoing);
      else outgoing.end(body);
    });
  }

  #limitConnecting(outgoing: ClientRequest, url: URL): void {
    const { connectTimeoutMs } = this.#limits;
    outgoing.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        outgoing.destroy(systemError("CONNECT_TIMEOUT", `no connection within ${connectTimeoutMs / 1000} s`));
      }, connectTimeoutMs);
      const stop = () => clearTimeout(timer);
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", stop);
      socket.once("close", stop);
    });
  }
}

function isStream(body: TransportRequest["body"]): body is Readable {
  return typeof body === "object" && "pipe" in body;
}

/** Reads a whole small body. Returns undefined, and drops the connection, when it is longer than `limitBytes`. */
export async function readBody(answer: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) return undefined; // leaving the loop destroys the answer
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Lets the connection be used again after an answer whose body does not matter. */
export async function discardBody(answer: IncomingMessage, limitBytes = 64 * 1024): Promise<void> {
  await readBody(answer, limitBytes).catch(() => undefined);
}
