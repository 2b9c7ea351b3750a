import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A proxy on a port of 127.0.0.1: tunnels CONNECT and forwards plain requests, all of them to `target`, whatever host they name. */
export class FakeProxy implements AsyncDisposable {
  /** `CONNECT host:port` and `GET http://…`, with the proxy authorization if there was one. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Answer everything with this status instead. */
  refusal: number | undefined;

  private constructor(target: { readonly port: number }) {
    this.#server = createServer((request, response) => {
      this.#record(request.method, request.url, request.headers["proxy-authorization"]);
      if (this.refusal) {
        response.writeHead(this.refusal).end();
        return;
      }
      const { pathname, search } = new URL(request.url ?? "");
      const { method, headers } = request;
      const onward = httpRequest({
        port: target.port,
        host: "127.0.0.1",
        method,
        path: pathname + search,
        headers,
      });
      onward.on("response", (answer) =>
        answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers)),
      );
      onward.end();
    });
    this.#server.on("connect", (request, socket: Socket) => {
      this.#sockets.add(socket);
      this.#record(request.method, request.url, request.headers["proxy-authorization"]);
      if (this.refusal) return socket.end(`HTTP/1.1 ${this.refusal} No\r\n\r\n`);
      const onward = connect(target.port, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
      for (const each of [socket, onward]) this.#sockets.add(each.on("error", () => {}));
      return socket.pipe(onward).pipe(socket);
    });
  }

  static async start(target: { readonly port: number }): Promise<FakeProxy> {
    const proxy = new FakeProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** `127.0.0.1:<port>`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #record(...parts: readonly (string | undefined)[]): void {
    this.requests.push(parts.filter((part) => part !== undefined).join(" "));
  }
}
