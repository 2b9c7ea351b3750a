import type { NetworkLimits } from "./limits.ts";
import { systemError } from "./network-error.ts";

/** Finds out whether a host that may speak plain HTTP speaks TLS, by a handshake; certificates are not looked at.
 * @throws Node's error when nothing answers in time; a refused connection means `http`, whose request then says so */
export async function detectScheme(
  host: string,
  limits: NetworkLimits,
  signal?: AbortSignal,
): Promise<"http" | "https"> {
  const { connect } = await import("node:tls");
  const { hostname, port } = new URL(`https://${host}`);
  const name = hostname.replace(/^\[|\]$/g, "");
  const servername = /^[\d.]+$|:/.test(name) ? "" : name;
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: name, port: Number(port || 443), servername, rejectUnauthorized: false });
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      socket.destroy();
      finish();
    };
    const cancel = () => settle(() => reject(signal?.reason));
    const timer = setTimeout(() => {
      const seconds = limits.connectTimeoutMs / 1000;
      settle(() => reject(systemError("CONNECT_TIMEOUT", `no connection within ${seconds} s`)));
    }, limits.connectTimeoutMs);
    signal?.addEventListener("abort", cancel, { once: true });
    socket.on("secureConnect", () => settle(() => resolve("https")));
    socket.on("error", () => settle(() => resolve("http")));
    socket.on("close", () => settle(() => resolve("http")));
  });
}
