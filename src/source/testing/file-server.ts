import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface ServedFile {
  readonly body: string | Buffer;
  /** In place of 200. */
  readonly status?: number;
  /** Break the connection after half of the body, this many times. */
  breaks?: number;
  /** Default: an ETag made of the body. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A web server of files in memory that honours `If-None-Match`. */
export class FileServer {
  readonly url: string;
  readonly files = new Map<string, ServedFile>();
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly authorization: string | undefined;
  }[] = [];

  private constructor(url: string) {
    this.url = url;
  }

  static async start(t: TestContext): Promise<FileServer> {
    const http = createServer((request, response) => server.#answer(request, response));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const server = new FileServer(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    t.after(() => {
      http.closeAllConnections();
      http.close();
    });
    return server;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", headers: asked } = request;
    const { pathname } = new URL(request.url ?? "/", this.url);
    const file = this.files.get(pathname);
    const body = Buffer.from(file?.body ?? "");
    const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 8)}"`;
    const headers = file?.headers ?? { etag };
    const isKnown = asked["if-none-match"] !== undefined && asked["if-none-match"] === headers["etag"];
    const status = !file ? 404 : (file.status ?? (isKnown ? 304 : 200));
    this.requests.push({ method, path: pathname, status, authorization: asked.authorization });
    response.writeHead(status, file ? headers : {});
    if (status === 304 || method === "HEAD") response.end();
    else if (file?.breaks) {
      file.breaks--;
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    } else response.end(body);
  }

  /** Statuses of the requests for `path` so far, by method: `["GET 200", "HEAD 304"]`. */
  statuses(path: string): readonly string[] {
    return this.requests
      .filter((one) => one.path === path)
      .map(({ method, status }) => `${method} ${status}`);
  }
}
