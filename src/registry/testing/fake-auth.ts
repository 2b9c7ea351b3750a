import type { IncomingMessage, ServerResponse } from "node:http";
import { readAll, sendError } from "./fake-http.ts";

/** Who may use the registry. */
export type FakeAuth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "bearer";
      /** Without, tokens are given to everybody. */
      readonly username?: string;
      readonly password?: string;
      readonly identityToken?: string;
      /** Life of a token as announced; default 300. */
      readonly expiresInSeconds?: number;
      /** Host of the token service; default: the registry itself. */
      readonly realm?: string;
    };

/** Checks requests, and gives tokens at `/token`. */
export class FakeAuthServer {
  readonly #auth: FakeAuth;
  #tokens = new Map<string, string>();
  #count = 0;

  constructor(auth: FakeAuth) {
    this.#auth = auth;
  }

  /** Answers by itself and returns false unless the request may go on. */
  async admit(request: IncomingMessage, response: ServerResponse, host: string): Promise<boolean> {
    const url = new URL(request.url ?? "/", "http://fake");
    if (this.#auth.kind === "basic") return this.#admitBasic(request, response);
    if (url.pathname === "/token") return this.#giveToken(request, response, url);
    const scope = scopeOf(url, request.method ?? "GET");
    const given = this.#tokens.get(request.headers.authorization ?? "");
    if (given !== undefined && covers(given, scope)) return true;
    const realm = this.#auth.realm ?? `http://${host}/token`;
    return challenge(response, `Bearer realm="${realm}",service="fake",scope="${scope}"`);
  }

  /** Tokens given so far are no longer good. */
  revoke(): void {
    this.#tokens = new Map();
  }

  #admitBasic(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#isUser(request) || challenge(response, 'Basic realm="fake registry"');
  }

  #isUser({ headers }: IncomingMessage): boolean {
    const { username = "", password = "" } = this.#auth as { username?: string; password?: string };
    return headers.authorization === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  async #giveToken(request: IncomingMessage, response: ServerResponse, url: URL): Promise<false> {
    const auth = this.#auth as FakeAuth & { kind: "bearer" };
    const form =
      request.method === "POST" ? new URLSearchParams((await readAll(request)).toString()) : url.searchParams;
    const isAllowed =
      request.method === "POST"
        ? auth.identityToken !== undefined && form.get("refresh_token") === auth.identityToken
        : auth.username === undefined || this.#isUser(request);
    if (!isAllowed) {
      response
        .writeHead(401, { "content-type": "application/json" })
        .end('{"details":"incorrect username or password"}');
      return false;
    }
    const token = `token-${++this.#count}`;
    this.#tokens.set(`Bearer ${token}`, form.getAll("scope").join(" "));
    const answer = {
      [request.method === "POST" ? "access_token" : "token"]: token,
      expires_in: auth.expiresInSeconds ?? 300,
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    return false;
  }
}

function challenge(response: ServerResponse, text: string): false {
  response.setHeader("www-authenticate", text);
  sendError(response, 401, "UNAUTHORIZED", "authentication required");
  return false;
}

function scopeOf(url: URL, method: string): string {
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1] ?? "";
  return `repository:${repository}:${method === "GET" || method === "HEAD" ? "pull" : "pull,push"}`;
}

function covers(given: string, wanted: string): boolean {
  const [, name, actions = ""] = wanted.split(":");
  const granted = given.split(" ").filter((scope) => scope.split(":")[1] === name);
  return actions
    .split(",")
    .every((action) => granted.some((scope) => scope.split(":")[2]?.split(",").includes(action)));
}
