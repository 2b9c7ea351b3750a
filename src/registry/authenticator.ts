import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import { maxTextBytes } from "./limits.ts";
import { networkError } from "./network-error.ts";
import { parseRetryAfter } from "./retry.ts";
import { RegistryError } from "./registry-error.ts";
import { readBody, type Transport, type TransportRequest } from "./transport.ts";

/** One registry host and what is wanted there. */
export interface AuthRequest {
  /** Origin of the endpoint, `https://registry.example`. */
  readonly origin: string;
  /** Key of the credentials. */
  readonly host: string;
  /** E.g. `repository:library/golang:pull`; several for a mount across repositories. */
  readonly scopes: readonly string[];
  /** What is being done, as the start of an error message. */
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
}

interface Authorization {
  readonly header: string;
  readonly expiresAtMs: number;
}

/** Tokens that say nothing of their life live this long (distribution's token specification). */
const defaultTokenLifeMs = 60_000;
const clientId = "slipway";

/** Answers `WWW-Authenticate` challenges and keeps the answers, by origin and scope, until shortly before they expire. */
export class Authenticator {
  readonly #credentials: CredentialSource;
  readonly #transport: Transport;
  readonly #mayBePlain: (host: string) => boolean;
  readonly #known = new Map<string, Authorization>();
  readonly #flights = new Map<string, Promise<Authorization>>();

  /** @param mayBePlain hosts that a token may be asked from without TLS */
  constructor(credentials: CredentialSource, transport: Transport, mayBePlain: (host: string) => boolean) {
    this.#credentials = credentials;
    this.#transport = transport;
    this.#mayBePlain = mayBePlain;
  }

  /** The `Authorization` header that answered the last challenge, while it lasts. */
  current(request: AuthRequest): string | undefined {
    const known = this.#known.get(keyOf(request));
    return known && known.expiresAtMs > Date.now() ? known.header : undefined;
  }

  /** Answers the challenges of a 401. Concurrent callers share one answer.
   * @param refused the header that was sent and refused, if any: never the answer again
   * @throws {RegistryError} `UNAUTHORIZED` | `BAD_RESPONSE` | what the token service answers */
  async answer(request: AuthRequest, header: string, refused: string | undefined): Promise<string> {
    const key = keyOf(request);
    const current = this.current(request);
    if (current !== undefined && current !== refused) return current; // another caller was faster
    this.#known.delete(key);
    const flight = this.#flights.get(key) ?? this.#authorize(request, parseChallenges(header));
    this.#flights.set(key, flight);
    try {
      const authorization = await flight;
      if (authorization.header === refused) throw accessDenied(request, true);
      this.#known.set(key, authorization);
      return authorization.header;
    } finally {
      this.#flights.delete(key);
    }
  }

  /** The error for an answer to a challenge that was refused in its turn. */
  async refusal(request: AuthRequest): Promise<RegistryError> {
    return accessDenied(request, (await this.#credentials(request.host)) !== undefined);
  }

  async #authorize(request: AuthRequest, challenges: readonly Challenge[]): Promise<Authorization> {
    const credentials = await this.#credentials(request.host);
    const bearer = challenges.find((challenge) => challenge.scheme === "bearer");
    if (credentials?.kind === "registry-token") return lasting(`Bearer ${credentials.token}`);
    if (bearer) return this.#fetchToken(request, bearer, credentials);
    if (!challenges.some((challenge) => challenge.scheme === "basic")) {
      throw new RegistryError(
        "BAD_RESPONSE",
        `${request.subject}: ${request.host} asks for an authentication that is not known here`,
      );
    }
    if (credentials?.kind !== "password") throw accessDenied(request, credentials !== undefined);
    return lasting(basic(credentials));
  }

  async #fetchToken(
    request: AuthRequest,
    challenge: Challenge,
    credentials: Credentials | undefined,
  ): Promise<Authorization> {
    const realm = this.#realmOf(request, challenge);
    const service = challenge.parameters.service;
    const scopes = scopesOf(request, challenge);
    const { signal } = request;
    const [url, tokenRequest]: [URL, TransportRequest] =
      credentials?.kind === "identity-token"
        ? [realm, refreshRequest(credentials.token, service, scopes)]
        : [withQuery(realm, service, scopes), { method: "GET", headers: passwordHeaders(credentials) }];
    try {
      const answer = await this.#transport.send(url, { ...tokenRequest, signal });
      const body = await readBody(answer, maxTextBytes);
      return parseTokenAnswer(body, answer, request, credentials !== undefined);
    } catch (error) {
      signal?.throwIfAborted();
      throw networkError(error, request.subject, realm, this.#transport.isKnownHost(realm));
    }
  }

  /** A realm without TLS would show the password to everybody on the way. */
  #realmOf(request: AuthRequest, challenge: Challenge): URL {
    const text = challenge.parameters.realm ?? "";
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isPlainAllowed =
      url?.protocol === "http:" && this.#mayBePlain(url.host) && this.#mayBePlain(request.host);
    if (url && (url.protocol === "https:" || isPlainAllowed) && url.username === "") return url;
    throw new RegistryError(
      "BAD_RESPONSE",
      `${request.subject}: ${request.host} names a token service that cannot be used: ${JSON.stringify(text.slice(0, 200))}`,
    );
  }
}

function passwordHeaders(credentials: Credentials | undefined): OutgoingHttpHeaders {
  return credentials?.kind === "password" ? { authorization: basic(credentials) } : {};
}

function keyOf({ origin, scopes }: AuthRequest): string {
  return `${origin} ${scopes.join(" ")}`;
}

function scopesOf(request: AuthRequest, challenge: Challenge): string[] {
  const asked = challenge.parameters.scope?.split(" ").filter((scope) => scope !== "") ?? [];
  const others = asked.filter((scope) => !request.scopes.some((each) => covers(each, scope)));
  return [...new Set([...request.scopes, ...others])];
}

/** `repository:app:pull,push` covers `repository:app:pull`. */
function covers(scope: string, other: string): boolean {
  const [resource, actions] = splitScope(scope);
  const [otherResource, otherActions] = splitScope(other);
  return resource === otherResource && otherActions.every((action) => actions.includes(action));
}

function splitScope(scope: string): [resource: string, actions: readonly string[]] {
  const colon = scope.lastIndexOf(":");
  return [scope.slice(0, colon), scope.slice(colon + 1).split(",")];
}

function withQuery(realm: URL, service: string | undefined, scopes: readonly string[]): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  return url;
}

function refreshRequest(
  token: string,
  service: string | undefined,
  scopes: readonly string[],
): TransportRequest {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: token,
  });
  if (service !== undefined) form.set("service", service);
  form.set("scope", scopes.join(" "));
  return {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  };
}

function parseTokenAnswer(
  body: Buffer | undefined,
  answer: IncomingMessage,
  request: AuthRequest,
  hasCredentials: boolean,
): Authorization {
  const status = answer.statusCode ?? 0;
  if (status === 401 || status === 403) throw accessDenied(request, hasCredentials);
  if (status !== 200) {
    const isTransient = status === 429 || status >= 500;
    const code = status === 429 ? "TOO_MANY_REQUESTS" : isTransient ? "SERVER_ERROR" : "BAD_RESPONSE";
    throw new RegistryError(
      code,
      `${request.subject}: the token service of ${request.host} answered ${status}`,
      {
        isTransient,
        retryAfterMs: parseRetryAfter(answer.headers["retry-after"]),
      },
    );
  }
  const { token, lifeMs } = readToken(body);
  if (token === undefined) {
    throw new RegistryError(
      "BAD_RESPONSE",
      `${request.subject}: the token service of ${request.host} gave no token`,
    );
  }
  // Renew a tenth early: clocks and transfers take time.
  return { header: `Bearer ${token}`, expiresAtMs: Date.now() + lifeMs * 0.9 };
}

function readToken(body: Buffer | undefined): { token: string | undefined; lifeMs: number } {
  try {
    const {
      token,
      access_token: accessToken,
      expires_in: seconds,
    } = JSON.parse(body?.toString() ?? "") as Record<string, unknown>;
    const text = [token, accessToken].find(
      (value) => typeof value === "string" && /^[\x21-\x7e]+$/.test(value),
    );
    const lifeMs = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : defaultTokenLifeMs;
    return { token: text as string | undefined, lifeMs };
  } catch {
    return { token: undefined, lifeMs: 0 };
  }
}

/** What is to be done depends on whether we had credentials at all. */
function accessDenied(request: AuthRequest, hasCredentials: boolean): RegistryError {
  const login = request.host === "registry-1.docker.io" ? "slipway login" : `slipway login ${request.host}`;
  return hasCredentials
    ? new RegistryError("UNAUTHORIZED", `${request.subject}: ${request.host} refused the credentials`, {
        hint: `log in again with "${login}"`,
      })
    : new RegistryError(
        "UNAUTHORIZED",
        `${request.subject}: access denied, the repository does not exist or needs a login`,
        {
          hint: `check the name, or log in with "${login}"`,
        },
      );
}

function lasting(header: string): Authorization {
  return { header, expiresAtMs: Number.POSITIVE_INFINITY };
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
