import { createSign, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fakeCertificate } from "../../src/registry/testing/fake-certificate.ts";
import { readAll } from "../../src/registry/testing/fake-http.ts";

export const tokenIssuer = "token-server";
export const tokenService = "registry";

interface TokenAccount {
  readonly username: string;
  readonly password: string;
  readonly identityToken: string;
}

/** A token service of the distribution specification: signs what its one account asks for, with the key of the fake certificate,
 * which the registry trusts. */
export class TokenServer implements AsyncDisposable {
  /** `<method> <scopes>` of each request that was granted. */
  readonly granted: string[] = [];
  /** How long the registry takes a token, and how long its holder is told. */
  lifeSeconds = { real: 300, announced: 300 };
  readonly #server: Server;
  readonly #account: TokenAccount;

  private constructor(account: TokenAccount) {
    this.#account = account;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(account: TokenAccount): Promise<TokenServer> {
    const service = new TokenServer(account);
    await new Promise<void>((resolve) => service.#server.listen(0, "127.0.0.1", resolve));
    return service;
  }

  get realm(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isPost = request.method === "POST";
    const query = new URL(request.url ?? "", this.realm).searchParams;
    const form = isPost ? new URLSearchParams((await readAll(request)).toString()) : query;
    const { username, password, identityToken } = this.#account;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const isKnown = isPost
      ? form.get("grant_type") === "refresh_token" && form.get("refresh_token") === identityToken
      : request.headers.authorization === basic;
    if (!isKnown || form.get("service") !== tokenService) return void response.writeHead(401).end();
    const scopes = form.getAll("scope").flatMap((scope) => scope.split(" "));
    this.granted.push(`${request.method} ${scopes.join(" ")}`);
    const token = signedToken(scopes, this.lifeSeconds.real);
    response.setHeader("content-type", "application/json");
    const name = isPost ? "access_token" : "token";
    response.end(JSON.stringify({ [name]: token, expires_in: this.lifeSeconds.announced }));
  }
}

function signedToken(scopes: readonly string[], lifeSeconds: number): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const certificate = fakeCertificate.cert.replace(/-----[^-]+-----|\n/g, "");
  const access = scopes
    .filter((scope) => scope !== "")
    .map((scope) => /^([^:]+):(.+):([^:]*)$/.exec(scope)!)
    .map(([, type, name, actions]) => ({ type, name, actions: actions!.split(",") }));
  const claims = {
    iss: tokenIssuer,
    aud: tokenService,
    sub: "ann",
    jti: randomUUID(),
    nbf: nowSeconds - 3600,
    iat: nowSeconds,
    exp: nowSeconds + lifeSeconds,
    access,
  };
  const parts = [{ typ: "JWT", alg: "ES256", x5c: [certificate] }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const key = { key: fakeCertificate.key, dsaEncoding: "ieee-p1363" } as const;
  return `${text}.${createSign("sha256").update(text).sign(key).toString("base64url")}`;
}
