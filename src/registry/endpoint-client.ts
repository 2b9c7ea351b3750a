import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { Authenticator, type AuthRequest } from "./authenticator.ts";
import type { CredentialSource } from "./credentials.ts";
import { detectScheme } from "./detect-scheme.ts";
import type { Endpoint } from "./endpoints.ts";
import type { NetworkLimits } from "./limits.ts";
import { networkError } from "./network-error.ts";
import { badRedirect, isRedirect, locationOf, maxRedirects } from "./redirect.ts";
import { RegistryError } from "./registry-error.ts";
import { responseError } from "./response-error.ts";
import { type RetryOptions, withRetries } from "./retry.ts";
import { discardBody, readBody, type Transport, type TransportRequest } from "./transport.ts";

export interface EndpointRequest {
  readonly method: TransportRequest["method"];
  /** Below `/v2/<repository>/`, e.g. `manifests/latest`; or a whole URL that this endpoint gave (an upload's location). */
  readonly path: string | URL;
  readonly headers?: OutgoingHttpHeaders;
  /** Called for each try, because a stream can be sent only once. */
  readonly body?: () => TransportRequest["body"];
  /** `pull`, `push`; default `pull`. */
  readonly actions?: string;
  /** Further token scopes. */
  readonly scopes?: readonly string[];
  /** Start of error messages: `Cannot pull docker.io/library/golang:latest`. */
  readonly subject: string;
  /** What a 404 says was not found; default `not found`. */
  readonly notFound?: string;
  /** Statuses from 400 on that are answers, not errors. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal | undefined;
  /** In place of the limits' own. */
  readonly idleTimeoutMs?: number | undefined;
}

export interface EndpointClientOptions {
  readonly transport: Transport;
  readonly credentials: CredentialSource;
  readonly limits: NetworkLimits;
  readonly mayBePlain: (host: string) => boolean;
  readonly note: (text: string) => void;
}

/** An answer, and what gave it after redirects. */
interface Exchange {
  readonly answer: IncomingMessage;
  readonly url: URL;
}

/** Speaks to endpoints: finds the scheme, authenticates, follows redirects, tries again what may pass, and turns every
 * refusal into a RegistryError. Safe for parallel use. */
export class EndpointClient {
  readonly #options: EndpointClientOptions;
  readonly #authenticator: Authenticator;
  readonly #schemes = new Map<string, Promise<"http" | "https">>();

  constructor(options: EndpointClientOptions) {
    this.#options = options;
    this.#authenticator = new Authenticator(options.credentials, options.transport, options.mayBePlain);
  }

  /** Resolves with an answer below 400, or of an accepted status, whose body is still to be read.
   * @throws {RegistryError} */
  send(endpoint: Endpoint, request: EndpointRequest): Promise<IncomingMessage> {
    return withRetries(() => this.sendOnce(endpoint, request), this.retryOptions(request.signal));
  }

  /** As `send`, and reads the body; a body that breaks is asked for again.
   * @throws {RegistryError} also `SIZE_EXCEEDED` when it is longer than `limitBytes` */
  sendAndRead(
    endpoint: Endpoint,
    request: EndpointRequest,
    limitBytes: number,
  ): Promise<{ answer: IncomingMessage; bytes: Buffer }> {
    return withRetries(async () => {
      const answer = await this.sendOnce(endpoint, request);
      try {
        const bytes = await readBody(answer, limitBytes);
        if (bytes) return { answer, bytes };
      } catch (error) {
        request.signal?.throwIfAborted();
        throw networkError(error, request.subject, new URL(`https://${endpoint.host}`), true);
      }
      const what = `${request.subject}: ${endpoint.host} sent more than ${limitBytes} bytes for ${String(request.path)}`;
      throw new RegistryError("SIZE_EXCEEDED", what);
    }, this.retryOptions(request.signal));
  }

  /** One try. @throws {RegistryError} with `isTransient` when another may succeed */
  async sendOnce(endpoint: Endpoint, request: EndpointRequest): Promise<IncomingMessage> {
    const { transport } = this.#options;
    let url = new URL(`https://${endpoint.host}`);
    try {
      const base = await this.baseOf(endpoint, request.signal);
      url = typeof request.path === "string" ? new URL(request.path, base) : request.path;
      // A location that the registry gave may be another server's; that one is not told who we are.
      if (url.origin !== base.origin)
        return await this.#checked(await this.#follow(url, undefined, request), url, request);
      return await this.#authenticated(url, endpoint, request);
    } catch (error) {
      request.signal?.throwIfAborted();
      throw networkError(error, request.subject, url, transport.isKnownHost(url));
    }
  }

  /** `<scheme>://<host>/v2/<repository>/`, what the paths of requests are relative to. */
  async baseOf(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<URL> {
    return new URL(`${await this.#schemeOf(endpoint, signal)}://${endpoint.host}/v2/${endpoint.repository}/`);
  }

  get directBytes(): number {
    return this.#options.limits.directBytes;
  }

  retryOptions(signal: AbortSignal | undefined): RetryOptions {
    return { limits: this.#options.limits, note: this.#options.note, signal };
  }

  async #authenticated(url: URL, endpoint: Endpoint, request: EndpointRequest): Promise<IncomingMessage> {
    const auth: AuthRequest = {
      origin: url.origin,
      host: endpoint.host,
      scopes: scopesOf(endpoint, request),
      subject: request.subject,
      signal: request.signal,
    };
    let header = this.#authenticator.current(auth);
    let exchange = await this.#follow(url, header, request);
    if (exchange.answer.statusCode === 401 && exchange.url.origin === url.origin) {
      await discardBody(exchange.answer);
      header = await this.#authenticator.answer(
        auth,
        exchange.answer.headers["www-authenticate"] ?? "",
        header,
      );
      exchange = await this.#follow(url, header, request);
      if (exchange.answer.statusCode === 401 && exchange.url.origin === url.origin) {
        await discardBody(exchange.answer);
        throw await this.#authenticator.refusal(auth);
      }
    }
    return this.#checked(exchange, url, request);
  }

  async #checked(exchange: Exchange, url: URL, request: EndpointRequest): Promise<IncomingMessage> {
    const status = exchange.answer.statusCode ?? 0;
    if (status < 400 || request.accept?.includes(status)) return exchange.answer;
    throw await responseError(exchange.answer, { ...request, registry: url.host, url: exchange.url });
  }

  /** Follows redirects. The authorization goes to the endpoint's own origin only. */
  async #follow(url: URL, authorization: string | undefined, request: EndpointRequest): Promise<Exchange> {
    let current = url;
    for (let redirects = 0; ; redirects++) {
      const secret = authorization !== undefined && current.origin === url.origin ? { authorization } : {};
      const body = request.body?.();
      const answer = await this.#options.transport.send(current, {
        method: request.method,
        headers: { "user-agent": "slipway", ...request.headers, ...secret },
        signal: request.signal,
        idleTimeoutMs: request.idleTimeoutMs,
        ...(body === undefined ? {} : { body }),
      });
      const isRead = request.method === "GET" || request.method === "HEAD";
      if (!isRead || !isRedirect(answer.statusCode)) return { answer, url: current };
      await discardBody(answer);
      if (redirects === maxRedirects)
        throw badRedirect(request.subject, url, `more than ${maxRedirects} redirects`);
      current = locationOf(answer, current, request);
    }
  }

  #schemeOf(
    endpoint: Endpoint,
    signal: AbortSignal | undefined,
  ): Promise<"http" | "https"> | "http" | "https" {
    if (endpoint.scheme !== undefined) return endpoint.scheme;
    const known = this.#schemes.get(endpoint.host);
    if (known) return known;
    const detection = detectScheme(endpoint.host, this.#options.transport, signal);
    this.#schemes.set(endpoint.host, detection);
    detection.catch(() => this.#schemes.delete(endpoint.host));
    return detection;
  }
}

/** None for an endpoint without repository, which is asked only who we are. */
function scopesOf({ repository }: Endpoint, { actions = "pull", scopes = [] }: EndpointRequest): string[] {
  return repository === "" ? [...scopes] : [`repository:${repository}:${actions}`, ...scopes];
}
