import { tlsAlertOf } from "./network-error.ts";
import { discardBody, type Transport } from "./transport.ts";

/** Failures that a look-up or a connection without TLS would meet too. */
const hopeless = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "CONNECT_TIMEOUT", "PROXY_REFUSED"]);

/** Finds out whether a host that may speak plain HTTP speaks TLS, by asking it so. The connection is used again.
 * @throws Node's error when there is no way to the host; a refused connection means `http`, whose request then says so */
export async function detectScheme(
  host: string,
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<"http" | "https"> {
  try {
    await discardBody(
      await transport.send(new URL(`https://${host}/v2/`), { method: "GET", headers: {}, signal }),
    );
    return "https";
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Error && "code" in error && hopeless.has(String(error.code))) throw error;
    // What refuses TLS in TLS's own words speaks it; nothing is told to it in the open.
    if (tlsAlertOf(error) !== undefined) throw error;
    return "http";
  }
}
