import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A line to a registry that breaks: each connection is cut after so many bytes of answers, as often as it is told. */
export class CuttingProxy implements AsyncDisposable {
  /** How many connections were cut. */
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string, limits: { readonly afterBytes: number; readonly times: number }) {
    const [host, port] = target.split(":");
    this.#server = createServer((socket) => {
      const onward = connect(Number(port), host);
      for (const each of [socket, onward]) this.#sockets.add(each.on("error", () => {}));
      let passedBytes = 0;
      onward.on("data", (chunk: Buffer) => {
        passedBytes += chunk.length;
        if (passedBytes <= limits.afterBytes || this.cuts >= limits.times) return void socket.write(chunk);
        this.cuts++;
        onward.destroy();
        socket.end(); // what passed arrives
      });
      onward.on("end", () => socket.end());
      socket.on("close", () => onward.destroy());
      socket.pipe(onward, { end: false });
    });
  }

  static async start(
    target: string,
    limits: { readonly afterBytes: number; readonly times: number },
  ): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, limits);
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
