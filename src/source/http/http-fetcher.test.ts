import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FileServer } from "../testing/file-server.ts";
import { sourceRig } from "../testing/source-rig.ts";

const hex = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

test("a file becomes a layer that holds nothing else", async (t) => {
  const server = await FileServer.start(t);
  const { store, sources } = sourceRig(t);
  server.files.set("/a/file", { body: "hello" });
  const fetched = await sources.fetchHttp({ url: `${server.url}/a/file`, mode: 0o640 });
  const tree = store.layers.fsOf(fetched.layer);
  assert.deepEqual(readdirSync(tree), ["file"]);
  const file = path.join(tree, "file");
  assert.equal(readFileSync(file, "utf8"), "hello");
  assert.deepEqual([statSync(file).mode & 0o7777, statSync(file).mtimeMs], [0o640, 0]);
  assert.equal(fetched.digest, `sha256:${hex("sha256", "hello")}`);
  assert.equal(store.layers.readMeta(fetched.layer)?.sizeBytes, 5);
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("the same file twice in a build is fetched once", async (t) => {
  const server = await FileServer.start(t);
  const { sources } = sourceRig(t);
  server.files.set("/file", { body: "hello" });
  const source = { url: `${server.url}/file` };
  const [one, other] = await Promise.all([sources.fetchHttp(source), sources.fetchHttp(source)]);
  assert.equal(one.layer, other.layer);
  assert.deepEqual(server.statuses("/file"), ["GET 200"]);
});

test("two builds at once fetch a file once", async (t) => {
  const server = await FileServer.start(t);
  const { sources, again, store } = sourceRig(t);
  server.files.set("/file", { body: "hello" });
  server.files.set("/named", { body: "named" });
  const url = `${server.url}/file`;
  const [one, other] = await Promise.all([sources.fetchHttp({ url }), again().fetchHttp({ url })]);
  assert.equal(one.layer, other.layer);
  assert.notEqual(one.isCached, other.isCached);
  assert.deepEqual(server.statuses("/file"), ["GET 200", "HEAD 304"]);
  const named = { url: `${server.url}/named`, checksum: `sha256:${hex("sha256", "named")}` };
  await Promise.all([again().fetchHttp(named), again().fetchHttp(named)]);
  assert.deepEqual(server.statuses("/named"), ["GET 200"]);

  server.files.set("/file", { body: "changed" });
  await Promise.all([again().fetchHttp({ url }), again().fetchHttp({ url })]);
  assert.equal(server.statuses("/file").filter((status) => status === "GET 200").length, 2, "once more");
  assert.deepEqual(readdirSync(store.paths.locks), []);
});

test("a broken transfer and a server in trouble are tried again", async (t) => {
  const server = await FileServer.start(t);
  const { sources } = sourceRig(t);
  server.files.set("/file", { body: "hello, world", headers: { "content-length": "12" }, breaks: 2 });
  assert.equal(
    (await sources.fetchHttp({ url: `${server.url}/file` })).digest,
    `sha256:${hex("sha256", "hello, world")}`,
  );
  assert.deepEqual(server.statuses("/file"), ["GET 200", "GET 200", "GET 200"]);
  server.files.set("/down", { body: "", status: 503 });
  await assert.rejects(sources.fetchHttp({ url: `${server.url}/down` }), {
    code: "SERVER_ERROR",
    message: `Cannot fetch ${server.url}/down: ${new URL(server.url).host} answered 503`,
  });
  assert.equal(server.statuses("/down").length, 5);
});

test("sha384 and sha512 checksums are verified too, and malformed ones refused", async (t) => {
  const server = await FileServer.start(t);
  const { sources } = sourceRig(t);
  server.files.set("/file", { body: "hello" });
  const url = `${server.url}/file`;
  for (const algorithm of ["sha384", "sha512"]) {
    await sources.fetchHttp({ url, checksum: `${algorithm}:${hex(algorithm, "hello")}` });
    const wrong = `${algorithm}:${hex(algorithm, "other")}`;
    await assert.rejects(sources.fetchHttp({ url, checksum: wrong }), {
      code: "DIGEST_MISMATCH",
      message: `digest mismatch for ${url}: ${algorithm}:${hex(algorithm, "hello")} (expected: ${wrong})`,
    });
  }
  const malformed = { sha1: "invalid checksum digest format", "md5:00": "unsupported digest algorithm" };
  for (const [checksum, message] of Object.entries(malformed)) {
    await assert.rejects(sources.fetchHttp({ url, checksum }), { code: "INVALID_SOURCE", message });
  }
});

test("what a checksum names is found under any URL, without a request", async (t) => {
  const server = await FileServer.start(t);
  const { sources, again } = sourceRig(t);
  server.files.set("/file", { body: "hello" });
  const first = await sources.fetchHttp({ url: `${server.url}/file` });
  const checksum = `sha256:${hex("sha256", "hello")}`;
  const found = await again().fetchHttp({ url: "http://127.0.0.1:1/elsewhere/file", checksum });
  assert.deepEqual([found.layer, found.isCached], [first.layer, true]);
  assert.equal(found.version, `url http://127.0.0.1:1/elsewhere/file ${checksum}`);
});

test("a compressed answer is kept as what is inside", async (t) => {
  const server = await FileServer.start(t);
  const { store, sources } = sourceRig(t);
  server.files.set("/file", { body: gzipSync("hello"), headers: { "content-encoding": "gzip" } });
  const checksum = `sha256:${hex("sha256", "hello")}`;
  const { layer } = await sources.fetchHttp({ url: `${server.url}/file`, checksum });
  assert.equal(readFileSync(path.join(store.layers.fsOf(layer), "file"), "utf8"), "hello");
});

test("a file without an ETag is asked for by its time, if that was old enough to be sure", async (t) => {
  const server = await FileServer.start(t);
  const { sources, again } = sourceRig(t);
  const headers = (lastModified: string) => ({
    date: new Date().toUTCString(),
    "last-modified": lastModified,
  });
  server.files.set("/old", { body: "old", headers: headers("Tue, 14 Nov 2023 22:13:20 GMT") });
  server.files.set("/new", { body: "new", headers: headers(new Date().toUTCString()) });
  for (const name of ["old", "new"]) {
    await sources.fetchHttp({ url: `${server.url}/${name}` });
    await again().fetchHttp({ url: `${server.url}/${name}` });
  }
  assert.deepEqual(server.statuses("/old"), ["GET 200", "HEAD 200"]);
  assert.deepEqual(server.statuses("/new"), ["GET 200", "GET 200"]);
});

test("each refusal has its code", async (t) => {
  const server = await FileServer.start(t);
  const { sources } = sourceRig(t);
  const codes = { 401: "UNAUTHORIZED", 403: "DENIED", 404: "NOT_FOUND", 418: "BAD_RESPONSE" };
  for (const [status, code] of Object.entries(codes)) {
    const url = `${server.url}/${status}`;
    server.files.set(`/${status}`, { body: "", status: Number(status) });
    const message = `Cannot fetch ${url}: invalid response status ${status}`;
    await assert.rejects(sources.fetchHttp({ url }), { code, message });
  }
  await assert.rejects(sources.fetchHttp({ url: "http://" }), { code: "INVALID_SOURCE" });
});

test("tokens go to their host only, never to where it redirects, and into no record", async (t) => {
  const server = await FileServer.start(t);
  const other = await FileServer.start(t);
  const { store, sources } = sourceRig(t, {
    HTTP_AUTH_TOKEN_127_0_0_1: "x",
    "HTTP_AUTH_TOKEN_127.0.0.1": "t0ken\n",
  });
  other.files.set("/target", { body: "hello" });
  server.files.set("/file", { body: "", status: 302, headers: { location: `${other.url}/target` } });
  await sources.fetchHttp({ url: `${server.url}/file` });
  assert.deepEqual(
    [server.requests[0]?.authorization, other.requests[0]?.authorization],
    ["Bearer t0ken", undefined],
  );
  for (const key of store.cache.list()) assert.doesNotMatch(JSON.stringify(store.cache.get(key)), /t0ken/);
});

test("user and password of a URL are sent, and shown nowhere", async (t) => {
  const server = await FileServer.start(t);
  const { store, sources } = sourceRig(t);
  server.files.set("/file", { body: "hello" });
  const url = `${server.url.replace("://", "://user:pa%20ss@")}/file`;
  const fetched = await sources.fetchHttp({ url });
  assert.equal(server.requests[0]?.authorization, `Basic ${Buffer.from("user:pa ss").toString("base64")}`);
  assert.doesNotMatch(fetched.version, /pa/);
  for (const key of store.cache.list())
    assert.doesNotMatch(JSON.stringify(store.cache.get(key)), /pa(?:%20| )ss/);
  await assert.rejects(
    sources.fetchHttp({ url: `${url}-not-there` }),
    (error: Error) => !/pa%20ss/.test(error.message),
  );
});

test("a redirect without end ends", async (t) => {
  const server = await FileServer.start(t);
  const { sources } = sourceRig(t);
  server.files.set("/loop", { body: "", status: 302, headers: { location: "/loop" } });
  await assert.rejects(sources.fetchHttp({ url: `${server.url}/loop` }), { code: "BAD_RESPONSE" });
  server.files.set("/file", { body: "", status: 302, headers: { location: "file:///etc/passwd" } });
  await assert.rejects(sources.fetchHttp({ url: `${server.url}/file` }), { code: "BAD_RESPONSE" });
});
