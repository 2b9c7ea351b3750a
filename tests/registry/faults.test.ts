// A registry that refuses, lies, or sends elsewhere: what stands before a real one does it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { openStore } from "../../src/content/index.ts";
import { digestOf, parseReference } from "../../src/oci/index.ts";
import { createRegistryClient, RegistryError } from "../../src/registry/index.ts";
import { AnsweringProxy } from "./answering-proxy.ts";
import { account, DockerRegistry, isMissing } from "./docker-registry.ts";
import { imageOf } from "./image.ts";

const dir = mkdtempSync(path.join(tmpdir(), "slipway-faults-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const amd64 = { os: "linux", architecture: "amd64" };
const layer = randomBytes(2_000_000);
const image = imageOf([layer, randomBytes(1000)]);
const layerDescriptor = image.blobs[0]!.descriptor;
const manifestBytes = image.documents[0]!.bytes;
const manifestDigest = image.documents[0]!.descriptor.digest;
const options = { credentials: async () => undefined, env: {}, limits: { retryDelayMs: 1 } };

test("a registry that refuses every request with 429, and then with 503, gets and gives a whole image", {
  skip: isMissing,
}, async () => {
  await using registry = await DockerRegistry.start();
  const seen = new Map<string, number>();
  await using proxy = await AnsweringProxy.start(registry.host, (request, response) => {
    const kind = `${request.method} ${request.url!.replace(/\/uploads\/.+/, "/uploads/ID")}`;
    const times = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, times);
    if (times > 2) return false;
    request.resume();
    response.writeHead(times === 1 ? 429 : 503, { "retry-after": "0" }).end();
    return true;
  });
  await using client = createRegistryClient(options);
  const [one, other] = ["one", "other"].map((name) => parseReference(`${proxy.host}/${name}`));
  const pushed = await client.push([one!, other!], image);
  assert.deepEqual([pushed.uploaded.length, pushed.mounted.length], [3, 3]);
  const store = openStore(mkdtempSync(path.join(dir, "store-")));
  const resolved = await client.resolve(other!, amd64);
  assert.equal(resolved.digest, manifestDigest);
  await client.fetchBlob(other!, resolved.manifest.value.layers[0]!, store.content);
  assert.deepEqual(store.content.read(layerDescriptor.digest, layer.length), layer);
  for (const kind of [
    `HEAD /v2/one/blobs/${layerDescriptor.digest}`,
    "POST /v2/one/blobs/uploads/",
    "PUT /v2/one/blobs/uploads/ID",
    "PUT /v2/one/manifests/latest",
    "GET /v2/other/manifests/latest",
    `GET /v2/other/blobs/${layerDescriptor.digest}`,
  ]) {
    assert.ok(seen.get(kind)! > 2, `${kind} was refused twice, and then passed on`);
  }
});

const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte, index) => (index === 100 ? byte ^ 1 : byte)));
const wrongDigest = { "docker-content-digest": digestOf("other") };

const blobs = `blobs/${layerDescriptor.digest}`;
const byDigest = `manifests/${manifestDigest}`;
const byTag = "manifests/latest";

const lies: [title: string, place: string, answer: (to: ServerResponse) => void, code: string][] = [
  ["sends other bytes for a layer", blobs, (to) => to.end(flipped(layer)), "DIGEST_MISMATCH"],
  ["sends less of a layer", blobs, (to) => to.end(layer.subarray(1)), "SIZE_MISMATCH"],
  ["announces more than a layer", blobs, (to) => to.end(Buffer.concat([layer, layer])), "SIZE_EXCEEDED"],
  ["goes on after a layer's end", blobs, (to) => [to.write(layer), to.end(layer)], "SIZE_EXCEEDED"],
  ["sends another manifest", byDigest, (to) => to.end(flipped(manifestBytes)), "DIGEST_MISMATCH"],
  [
    "names another digest for a manifest",
    byTag,
    (to) => to.writeHead(200, wrongDigest).end(manifestBytes),
    "DIGEST_MISMATCH",
  ],
];

for (const [title, place, answer, code] of lies) {
  test(`nothing is taken from a registry that ${title}`, { skip: isMissing }, async () => {
    await using registry = await DockerRegistry.start();
    await using client = createRegistryClient(options);
    await client.push([parseReference(`${registry.host}/app`)], image);
    let lied = 0;
    await using proxy = await AnsweringProxy.start(registry.host, ({ method, url }, response) => {
      if (method !== "GET" || !url!.endsWith(place)) return false;
      lied++;
      answer(response);
      return true;
    });
    const store = openStore(mkdtempSync(path.join(dir, "store-")));
    const pull = async (host: string) => {
      const name = parseReference(`${host}/app${place === byTag ? "" : `@${manifestDigest}`}`);
      await client.resolve(name, amd64);
      await client.fetchBlob(name, layerDescriptor, store.content);
    };
    await assert.rejects(pull(proxy.host), (error) => error instanceof RegistryError && error.code === code);
    assert.deepEqual([lied > 0, [...store.content.list()]], [true, []]);
    await pull(registry.host);
    assert.equal([...store.content.list()].length, 1);
  });
}

test("an image is not taken for pushed when the registry claims to have a blob that it lacks", {
  skip: isMissing,
}, async () => {
  await using registry = await DockerRegistry.start();
  await using proxy = await AnsweringProxy.start(registry.host, ({ method, url }, response) => {
    if (method !== "HEAD" || !url!.endsWith(layerDescriptor.digest)) return false;
    response.writeHead(200, { "content-length": layer.length }).end();
    return true;
  });
  await using client = createRegistryClient(options);
  await assert.rejects(client.push([parseReference(`${proxy.host}/app`)], image), RegistryError);
  const direct = client.resolve(parseReference(`${registry.host}/app`), amd64);
  await assert.rejects(direct, { code: "NOT_FOUND" });
});

test("blobs that a registry keeps elsewhere are fetched there, without its password, and on from where a line broke", {
  skip: isMissing,
}, async () => {
  const asked: [range: string | undefined, authorization: string | undefined][] = [];
  await using storage = await AnsweringProxy.start(undefined, ({ headers }, response) => {
    asked.push([headers.range, headers.authorization]);
    const from = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
    const length = layer.length - from;
    const range = { "content-range": `bytes ${from}-${layer.length - 1}/${layer.length}` };
    response.writeHead(from > 0 ? 206 : 200, { "content-length": length, ...(from > 0 && range) });
    if (asked.length > 1) response.end(layer.subarray(from));
    else response.write(layer.subarray(0, 1_000_000), () => response.destroy());
    return true;
  });
  await using registry = await DockerRegistry.start({ basicAuth: true });
  await using proxy = await AnsweringProxy.start(registry.host, ({ method, url }, response) => {
    if (method !== "GET" || !url!.endsWith(layerDescriptor.digest)) return false;
    response.writeHead(307, { location: `http://${storage.host}/bucket/blob?signature=x` }).end();
    return true;
  });
  const credentials = async () => ({ kind: "password", ...account }) as const;
  await using client = createRegistryClient({ ...options, credentials });
  const name = parseReference(`${proxy.host}/app`);
  await client.push([name], image);
  const store = openStore(mkdtempSync(path.join(dir, "store-")));
  await client.fetchBlob(name, layerDescriptor, store.content);
  assert.deepEqual(store.content.read(layerDescriptor.digest, layer.length), layer);
  assert.deepEqual(asked, [
    [undefined, undefined],
    ["bytes=1000000-", undefined],
  ]);
});
