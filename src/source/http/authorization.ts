import type { Session } from "../../session/index.ts";

/** What a request to this host is authorized by: the secrets `HTTP_AUTH_HEADER_<host>` (a whole header) or `HTTP_AUTH_TOKEN_<host>`
 * (a bearer token), as BuildKit asks for them, or user and password of the URL. */
export async function httpAuthorization(
  { hostname, username, password }: URL,
  session: Pick<Session, "secret">,
): Promise<string | undefined> {
  const token = await session.secret(`HTTP_AUTH_TOKEN_${hostname}`);
  if (token) return `Bearer ${text(token)}`;
  const header = await session.secret(`HTTP_AUTH_HEADER_${hostname}`);
  if (header) return text(header);
  if (username === "" && password === "") return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

/** Files of secrets mostly end with a newline, which a header cannot hold. */
function text(secret: Uint8Array): string {
  return Buffer.from(secret).toString("utf8").trim();
}
