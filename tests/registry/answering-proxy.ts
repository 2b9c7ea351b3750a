import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request in the registry's place, and says whether it did. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Stands before a registry, or in its place, and answers some requests itself; the others are passed on. */
export class AnsweringProxy implements AsyncDisposable {
  readonly #server: Server;

  private constructor(target: string | undefined, answer: Answer) {
    const [host, port] = target?.split(":") ?? [];
    this.#server = createServer((request, response) => {
      if (answer(request, response)) return;
      if (host === undefined) return void response.writeHead(404).end();
      const { method, url: path, headers } = request;
      const onward = httpRequest({ host, port, method, path, headers }, (answered) => {
        response.writeHead(answered.statusCode ?? 0, answered.headers);
        answered.pipe(response);
      });
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    });
  }

  /** @param target `HOST:PORT` of the registry; without one, nothing else is there */
  static async start(target: string | undefined, answer: Answer): Promise<AnsweringProxy> {
    const proxy = new AnsweringProxy(target, answer);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
