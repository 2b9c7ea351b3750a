import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { defaultLimits, type NetworkLimits } from "./limits.ts";
import { networkError } from "./network-error.ts";
import { badRedirect, isRedirect, locationOf } from "./redirect.ts";
import { RegistryError } from "./registry-error.ts";
import { parseRetryAfter, type RetryOptions, withRetries } from "./retry.ts";
import { TlsSettings } from "./tls-settings.ts";
import { discardBody, Transport } from "./transport.ts";

export interface HttpClientOptions {
  /** Ends everything that is under way; its reason is what calls then throw. */
  readonly signal?: AbortSignal;
  /** Told why something is tried again. */
  readonly note?: (text: string) => void;
  readonly limits?: Partial<NetworkLimits>;
  /** Where proxies and authorities are named. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD";
  readonly headers: OutgoingHttpHeaders;
  /** Goes to the URL's own origin only. */
  readonly authorization?: string | undefined;
  /** Start of error messages: `Cannot fetch https://example.com/file`. */
  readonly subject: string;
}

/** Reads what web servers have, over the connections that registries are reached by: proxies, authorities, time limits. Safe for
 * parallel use. */
export interface HttpClient extends AsyncDisposable {
  /** Asks, follows redirects and gives the answer to `use`, which reads the body. What may pass (a broken connection, also in the
   * middle of the body; 429 and 5xx to a GET) is tried again from the start. Every other answer is `use`'s to judge.
   * @throws {RegistryError} | what `use` throws */
  request<Value>(
    url: URL,
    request: HttpRequest,
    use: (answer: IncomingMessage) => Promise<Value>,
  ): Promise<Value>;
}

/** An answer, and what gave it after redirects. */
interface Exchange {
  readonly answer: IncomingMessage;
  readonly url: URL;
}

/** As many as Go's client follows. */
const maxRedirects = 10;

/** Creates a client; no connection is made before the first call. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const { signal, note = () => {}, env = process.env } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const transport = new Transport({ limits, tls: new TlsSettings({ env, isInsecure: () => false }), env });
  const retries: RetryOptions = { limits, signal, note };

  async function follow(url: URL, request: HttpRequest): Promise<Exchange> {
    const { method, headers, authorization, subject } = request;
    let current = url;
    for (let redirects = 0; ; redirects++) {
      const secret = authorization !== undefined && current.origin === url.origin ? { authorization } : {};
      const answer = await transport.send(current, { method, headers: { ...headers, ...secret }, signal });
      if (!isRedirect(answer.statusCode)) return { answer, url: current };
      await discardBody(answer);
      if (redirects === maxRedirects) throw badRedirect(subject, url, `more than ${maxRedirects} redirects`);
      current = locationOf(answer, current, { subject, mayBePlain: true });
    }
  }

  return {
    request: (url, request, use) =>
      withRetries(async () => {
        try {
          const exchange = await follow(url, request);
          if (request.method === "GET") await refuseFailure(exchange, request.subject);
          return await use(exchange.answer);
        } catch (error) {
          signal?.throwIfAborted();
          throw withoutRegistryHint(networkError(error, request.subject, url, transport.isKnownHost(url)));
        }
      }, retries),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

async function refuseFailure({ answer, url }: Exchange, subject: string): Promise<void> {
  const { statusCode = 0 } = answer;
  if (statusCode < 500 && statusCode !== 429) return;
  await discardBody(answer);
  const code = statusCode === 429 ? "TOO_MANY_REQUESTS" : "SERVER_ERROR";
  throw new RegistryError(code, `${subject}: ${url.host} answered ${statusCode}`, {
    isTransient: true,
    retryAfterMs: parseRetryAfter(answer.headers["retry-after"]),
  });
}

/** What helps against an untrusted certificate of a registry does not help here. */
function withoutRegistryHint(error: unknown): unknown {
  if (!(error instanceof RegistryError) || !error.hint?.includes("insecure")) return error;
  const { code, message, cause, isTransient } = error;
  const hint = "name a file with the server's authority in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS";
  return new RegistryError(code, message, { cause, isTransient, hint });
}
