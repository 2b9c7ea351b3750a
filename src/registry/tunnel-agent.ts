import { request as httpRequest } from "node:http";
import { Agent, type AgentOptions, request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { systemError } from "./network-error.ts";
import { proxyAddress, proxyHeaders } from "./proxy.ts";

type OnConnection = (error: Error | null, stream?: Duplex) => void;

/** An agent whose TLS connections run through a proxy's CONNECT tunnel. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #timeoutMs: number;

  constructor(proxy: URL, timeoutMs: number, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(
    options: { host: string; port: number; servername?: string },
    onConnection: OnConnection,
  ): undefined {
    const target = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
    const start = this.#proxy.protocol === "https:" ? httpsRequest : httpRequest;
    const headers = { host: target, ...proxyHeaders(this.#proxy) };
    const asking = start({
      ...proxyAddress(this.#proxy),
      method: "CONNECT",
      path: target,
      headers,
      agent: false,
    });
    let isSettled = false;
    const refuse = (reason: string) => {
      if (isSettled) return;
      isSettled = true;
      asking.destroy();
      onConnection(systemError("PROXY_REFUSED", `the proxy ${this.#proxy.host} ${reason}`));
    };
    asking.setTimeout(this.#timeoutMs, () => refuse(`did not answer within ${this.#timeoutMs / 1000} s`));
    asking.on("error", (error: NodeJS.ErrnoException) =>
      refuse(`cannot be reached (${error.code ?? error.message})`),
    );
    asking.on("response", (response) => refuse(`answered ${response.statusCode}`));
    asking.on("connect", (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        return refuse(`answered ${response.statusCode}`);
      }
      isSettled = true;
      socket.setTimeout(0);
      onConnection(null, connect({ ...options, socket }));
    });
    asking.end();
  }
}
