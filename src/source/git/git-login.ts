import type { Session } from "../../session/index.ts";

/** A remote as git is given it, and how it is logged in to. */
export interface GitLogin {
  /** Without user and password where HTTP carries them in a header. */
  readonly remote: string;
  readonly secretSettings: readonly (readonly [key: string, value: string])[];
}

/** Finds what to log in with, in BuildKit's order: the secrets `GIT_AUTH_HEADER.<host>`, `GIT_AUTH_TOKEN.<host>`, `GIT_AUTH_HEADER`,
 * `GIT_AUTH_TOKEN`, then user and password of the URL. Only HTTP remotes are logged in to this way. */
export async function gitLogin(remote: string, session: Pick<Session, "secret">): Promise<GitLogin> {
  if (!/^https?:\/\//.test(remote) || !URL.canParse(remote)) {
    // git has no use for the password of another protocol, and would keep it.
    return { remote: remote.replace(/^([a-z]+:\/\/[^/:@]*):[^/@]*@/, "$1@"), secretSettings: [] };
  }
  const url = new URL(remote);
  const header = (await secretHeader(url, session)) ?? userHeader(url);
  const plain = remote.replace(/^(https?:\/\/)[^/]*@/, "$1");
  if (header === undefined) return { remote: plain, secretSettings: [] };
  return {
    remote: plain,
    secretSettings: [[`http.${scopeOf(plain)}.extraHeader`, `Authorization: ${header}`]],
  };
}

async function secretHeader({ host }: URL, session: Pick<Session, "secret">): Promise<string | undefined> {
  for (const suffix of [`.${host}`, ""]) {
    const header = await session.secret(`GIT_AUTH_HEADER${suffix}`);
    if (header) return Buffer.from(header).toString("utf8").trim();
    const token = await session.secret(`GIT_AUTH_TOKEN${suffix}`);
    if (token) return basic("x-access-token", Buffer.from(token).toString("utf8").trim());
  }
  return undefined;
}

function userHeader({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  return basic(decodeURIComponent(username), decodeURIComponent(password));
}

function basic(user: string, password: string): string {
  return `basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** A token is for its own repository; at github.com it is tried for submodules too, as BuildKit does. */
function scopeOf(remote: string): string {
  return /^https:\/\/(?:www\.)?github\.com\//.exec(remote)?.[0] ?? remote;
}
