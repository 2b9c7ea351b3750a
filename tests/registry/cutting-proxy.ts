import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

interface CuttingProxyOptions {
  /** What is cut: what the registry answers, or what it is sent. */
  readonly side?: "answers" | "requests";
  /** A connection is cut once so many bytes have passed. */
  readonly afterBytes: number;
  /** How many connections are cut. */
  readonly times: number;
}

/** A line to a registry that breaks: each connection is cut after so many bytes, as often as it is told. */
export class CuttingProxy implements AsyncDisposable {
  /** How many connections were cut. */
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string, { side = "answers", afterBytes, times }: CuttingProxyOptions) {
    const [host, port] = target.split(":");
    this.#server = createServer((socket) => {
      const onward = connect(Number(port), host);
      for (const each of [socket, onward]) this.#sockets.add(each.on("error", () => {}));
      const cut = () => {
        this.cuts++;
        onward.destroy();
        socket.end(); // what passed arrives
      };
      const pass = (from: Socket, to: Socket, isCut: boolean) => {
        let passedBytes = 0;
        from.on("data", (chunk: Buffer) => {
          passedBytes += chunk.length;
          if (isCut && passedBytes > afterBytes && this.cuts < times) cut();
          else if (!to.destroyed) to.write(chunk);
        });
      };
      pass(onward, socket, side === "answers");
      pass(socket, onward, side === "requests");
      onward.on("end", () => socket.end());
      socket.on("close", () => onward.destroy());
    });
  }

  static async start(target: string, options: CuttingProxyOptions): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
