import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** What the cases fetch, on a port of its own: files with their headers, and repositories over `git http-backend`. */
export async function startServer({ files, repositories }) {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-served-"));
  for (const [name, steps] of Object.entries(repositories)) await makeRepository(dir, name, steps);
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url, "http://server");
    if (/^\/[^/]+\.git\//.test(pathname)) sendFromGit(dir, { request, pathname, search }, response);
    else sendFile(files[`${pathname}${search}`], response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** `text` or `base64`, `headers`, `status`; a file that is not served is 404. */
function sendFile(file, response) {
  if (file === undefined) return response.writeHead(404).end();
  const { text = "", base64, status = 200, headers = {} } = typeof file === "string" ? { text: file } : file;
  const body = base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64");
  return response.writeHead(status, headers).end(body);
}

/** Steps in order: `{ files }` writes and commits, `{ git: [arguments] }` calls git in the work tree. The same steps make the same commits. */
async function makeRepository(dir, name, steps) {
  const work = path.join(dir, `${name}.work`);
  await git(dir, "init", "-q", "-b", "main", work);
  for (const { files = {}, git: args } of steps) {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(work, file)), { recursive: true });
      writeFileSync(path.join(work, file), text);
    }
    if (args) await git(work, ...args);
    else {
      await git(work, "add", "-A");
      await git(work, "commit", "-q", "-m", "change");
    }
  }
  await git(dir, "clone", "-q", "--mirror", work, `${name}.git`);
  await git(path.join(dir, `${name}.git`), "config", "uploadpack.allowAnySHA1InWant", "true");
}

async function git(cwd, ...args) {
  const who = { NAME: "Test", EMAIL: "test@example.com", DATE: "1700000000 +0000" };
  const identity = ["AUTHOR", "COMMITTER"].flatMap((role) =>
    Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
  );
  const env = { ...process.env, ...Object.fromEntries(identity), GIT_CONFIG_GLOBAL: "/dev/null" };
  await promisify(execFile)("git", ["-c", "protocol.file.allow=always", ...args], { cwd, env });
}

function sendFromGit(dir, { request, pathname, search }, response) {
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: dir,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_ADDR: "127.0.0.1",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
    },
  });
  request.pipe(backend.stdin);
  const chunks = [];
  backend.stdout.on("data", (chunk) => chunks.push(chunk));
  backend.on("close", () => sendCgi(Buffer.concat(chunks), response));
}

function sendCgi(output, response) {
  const end = output.indexOf("\r\n\r\n");
  const lines = output.subarray(0, end).toString().split("\r\n");
  const { Status: status = "200", ...headers } = Object.fromEntries(lines.map((line) => line.split(": ", 2)));
  response.writeHead(Number.parseInt(status, 10), headers).end(output.subarray(end + 4));
}
