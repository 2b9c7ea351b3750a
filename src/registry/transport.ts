import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { isErrno, ownSignal, readLimited } from "../util/index.ts";
import { systemError } from "./network-error.ts";
import { createRoute, type Route, type RouteOptions } from "./route.ts";

export interface TransportRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string | Readable;
  readonly signal?: AbortSignal | undefined;
  /** In place of the limits' own. */
  readonly idleTimeoutMs?: number | undefined;
}

/** One HTTP exchange at a time over kept-alive connections: no retry, no redirect, no authentication.
 * Not `fetch`: it costs twice the processor time per byte and buffers uploads. */
export class Transport {
  readonly #options: RouteOptions;
  readonly #routes = new Map<string, Promise<Route>>();
  readonly #knownHosts = new Set<string>();

  constructor(options: RouteOptions) {
    this.#options = options;
  }

  /** Resolves with the head of the answer; the caller reads, dumps or destroys its body. Rejects with Node's errors. */
  async send(url: URL, request: TransportRequest): Promise<IncomingMessage> {
    const route = await this.#routeTo(url);
    const { method, headers, signal, body } = request;
    for (;;) {
      const outgoing = route.start(url, { method, headers, ...(signal && { signal: ownSignal(signal) }) });
      try {
        const answer = await this.#answerOf(outgoing, request);
        this.#knownHosts.add(url.host);
        return answer;
      } catch (error) {
        // The peer closed an idle connection just as we used it: not a failure, unless the body is gone.
        if (!outgoing.reusedSocket || !isErrno(error, "ECONNRESET", "EPIPE") || isStream(body)) throw error;
        signal?.throwIfAborted();
      }
    }
  }

  /** Has this host answered before? */
  isKnownHost(url: URL): boolean {
    return this.#knownHosts.has(url.host);
  }

  async close(): Promise<void> {
    const routes = await Promise.allSettled(this.#routes.values());
    this.#routes.clear();
    for (const route of routes) if (route.status === "fulfilled") route.value.close();
  }

  #routeTo(url: URL): Promise<Route> {
    const known = this.#routes.get(url.origin);
    if (known) return known;
    const route = createRoute(url, this.#options);
    this.#routes.set(url.origin, route);
    return route;
  }

  #answerOf(outgoing: ClientRequest, { body, ...request }: TransportRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      let answer: IncomingMessage | undefined;
      const idleTimeoutMs = request.idleTimeoutMs ?? this.#options.limits.idleTimeoutMs;
      this.#limitConnecting(outgoing);
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
      if (isStream(body)) sendStream(body, outgoing);
      else outgoing.end(body);
    });
  }

  #limitConnecting(outgoing: ClientRequest): void {
    const { connectTimeoutMs } = this.#options.limits;
    outgoing.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        outgoing.destroy(systemError("CONNECT_TIMEOUT", `no connection within ${connectTimeoutMs / 1000} s`));
      }, connectTimeoutMs);
      const stop = () => clearTimeout(timer);
      socket.once("encrypted" in socket ? "secureConnect" : "connect", stop);
      socket.once("close", stop);
    });
  }
}

/** Whichever of the two fails ends the other. */
function sendStream(body: Readable, outgoing: ClientRequest): void {
  body.on("error", (error) => outgoing.destroy(error));
  outgoing.on("close", () => body.destroy());
  body.pipe(outgoing);
}

function isStream(body: TransportRequest["body"]): body is Readable {
  return typeof body === "object" && "pipe" in body;
}

/** Reads a whole small body. Returns undefined, and drops the connection, when it is longer than `limitBytes`. */
export function readBody(answer: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  return readLimited(answer, limitBytes);
}

/** Lets the connection be used again after an answer whose body does not matter. */
export async function discardBody(answer: IncomingMessage, limitBytes = 64 * 1024): Promise<void> {
  await readBody(answer, limitBytes).catch(() => undefined);
}
