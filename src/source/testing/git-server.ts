import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

/** Repositories made by a test, served over smart HTTP by `git http-backend`. */
export class GitServer {
  readonly url: string;
  /** Every request so far: method, path, and the Authorization header. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  /** When set, other Authorization headers are refused. */
  authorization: string | undefined;
  readonly #dir: string;

  private constructor(url: string, dir: string) {
    this.url = url;
    this.#dir = dir;
  }

  static async start(t: TestContext): Promise<GitServer> {
    const dir = mkdtempSync(path.join(tmpdir(), "slipway-git-"));
    const http = createServer((request, response) => server.#answer(request, response));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const server = new GitServer(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, dir);
    t.after(() => {
      http.closeAllConnections();
      http.close();
      rmSync(dir, { recursive: true, force: true });
    });
    return server;
  }

  /** A new repository `<name>.git` that nothing was pushed to yet. */
  async repository(name: string): Promise<Repository> {
    const bare = path.join(this.#dir, `${name}.git`);
    await git(this.#dir, "init", "-q", "--bare", "-b", "main", bare);
    const work = path.join(this.#dir, `${name}-work`);
    await git(this.#dir, "init", "-q", "-b", "main", work);
    await git(work, "remote", "add", "origin", bare);
    return new Repository(`${this.url}/${name}.git`, work);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    const { authorization } = request.headers;
    this.requests.push({ path: url.pathname, authorization });
    if (this.authorization !== undefined && authorization !== this.authorization) {
      response.writeHead(401, { "www-authenticate": "Basic realm=git" }).end();
      return;
    }
    const backend = spawn("git", ["http-backend"], {
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: this.#dir,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        REMOTE_ADDR: "127.0.0.1",
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      },
    });
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    backend.on("close", () => sendCgi(Buffer.concat(chunks), response));
  }
}

function sendCgi(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf("\r\n\r\n");
  const headers = output
    .subarray(0, end)
    .toString()
    .split("\r\n")
    .map((line) => line.split(": ", 2) as [string, string]);
  const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
  response.writeHead(
    Number.parseInt(status, 10),
    Object.fromEntries(headers.filter(([name]) => name !== "Status")),
  );
  response.end(output.subarray(end + 4));
}

/** A work tree whose commits are pushed to the server. */
export class Repository {
  readonly url: string;
  readonly work: string;

  constructor(url: string, work: string) {
    this.url = url;
    this.work = work;
  }

  /** Writes files, commits and pushes them. Returns the commit. */
  async commit(files: Readonly<Record<string, string>>, message = "change"): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.work, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    await this.git("add", "-A");
    await this.git("commit", "-q", "-m", message);
    await this.git("push", "-q", "--force", "origin", "HEAD");
    return await this.git("rev-parse", "HEAD");
  }

  git(...args: readonly string[]): Promise<string> {
    return git(this.work, ...args);
  }
}

const identity = { name: "Test", email: "test@example.com", date: "1700000000 +0000" };

/** Not a synchronous call: the server that git asks may be this process. */
async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", ["-c", "protocol.file.allow=always", ...args], {
    cwd,
    env: {
      ...process.env,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: identity.name,
      GIT_AUTHOR_EMAIL: identity.email,
      GIT_AUTHOR_DATE: identity.date,
      GIT_COMMITTER_NAME: identity.name,
      GIT_COMMITTER_EMAIL: identity.email,
      GIT_COMMITTER_DATE: identity.date,
    },
  });
  return stdout.trim();
}
