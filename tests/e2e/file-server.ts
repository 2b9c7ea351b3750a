import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface ServedFile {
  readonly body: string | Buffer;
  /** Default: an ETag made of the body. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A web server of files in memory that honours `If-None-Match`. */
export class FileServer {
  readonly url: string;
  readonly files = new Map<string, ServedFile>();
  readonly requests: { readonly method: string; readonly path: string; readonly status: number }[] = [];

  private constructor(url: string) {
    this.url = url;
  }

  static async start(t: TestContext): Promise<FileServer> {
    const http = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", server.url);
      const file = server.files.get(pathname);
      const body = file && Buffer.from(file.body);
      const etag = body && `"${createHash("sha256").update(body).digest("hex").slice(0, 8)}"`;
      const headers = file?.headers ?? { etag: etag! };
      const asked = request.headers["if-none-match"];
      const isKnown = asked !== undefined && asked === headers["etag"];
      const status = !body ? 404 : isKnown ? 304 : 200;
      server.requests.push({ method: request.method ?? "", path: pathname, status });
      response.writeHead(status, file ? headers : {});
      response.end(status === 200 && request.method === "GET" ? body : undefined);
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const server = new FileServer(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    t.after(() => {
      http.closeAllConnections();
      http.close();
    });
    return server;
  }

  /** Statuses of the requests for `path` so far, by method: `["GET 200", "HEAD 304"]`. */
  statuses(path: string): readonly string[] {
    return this.requests
      .filter((one) => one.path === path)
      .map(({ method, status }) => `${method} ${status}`);
  }
}
