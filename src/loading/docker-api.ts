import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Writable } from "node:stream";
import type { DockerHost } from "./docker-host.ts";
import { LoadError } from "./load-error.ts";

/** What images of hundreds of layers have. */
const answerLimitBytes = 64 << 20;

export interface DockerAnswer {
  readonly status: number;
  readonly text: string;
}

/** Docker's HTTP interface. */
export class DockerApi {
  readonly host: DockerHost;
  readonly #signal: AbortSignal | undefined;

  constructor(host: DockerHost, signal?: AbortSignal) {
    this.host = host;
    this.#signal = signal;
  }

  /** @throws {LoadError} `ENGINE_UNREACHABLE`; the signal's reason; what `body` throws */
  async request(
    method: "GET" | "POST",
    path: string,
    body?: (stream: Writable) => Promise<void>,
  ): Promise<DockerAnswer> {
    const { connection, isTls } = this.host;
    const headers = body ? { "Content-Type": "application/x-tar", "Transfer-Encoding": "chunked" } : {};
    const options = { ...connection, method, path, headers: { Host: "docker", ...headers } };
    const request = (isTls ? https : http).request({
      ...options,
      ...(this.#signal && { signal: this.#signal }),
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve).on("error", reject);
    });
    answered.catch(() => {}); // reported below
    try {
      if (body) await this.#send(request, body, answered);
      request.end();
      const response = await answered;
      return { status: response.statusCode ?? 0, text: await readText(response) };
    } catch (error) {
      request.destroy();
      this.#signal?.throwIfAborted();
      throw this.#explain(error);
    }
  }

  /** A daemon that answers before it has read all, or goes away, says more than the broken pipe that follows. */
  async #send(
    request: http.ClientRequest,
    body: (stream: Writable) => Promise<void>,
    answered: Promise<IncomingMessage>,
  ): Promise<void> {
    try {
      await body(request);
    } catch (error) {
      if (request.destroyed || (error as NodeJS.ErrnoException).code === "EPIPE") {
        await answered;
        return;
      }
      throw error;
    }
  }

  #explain(error: unknown): unknown {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || (syscall === undefined && code !== "ECONNRESET")) return error;
    const reason = code === "EACCES" ? "permission denied" : (error as Error).message;
    return new LoadError("ENGINE_UNREACHABLE", `Cannot reach docker at ${this.host.title}: ${reason}`, {
      cause: error,
      ...(code === "EACCES" && { hint: "may this user speak to docker? (group docker)" }),
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > answerLimitBytes) throw new LoadError("ENGINE_FAILED", "Docker's answer is too long");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
