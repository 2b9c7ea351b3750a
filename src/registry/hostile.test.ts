import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Credentials } from "./credentials.ts";
import { FakeRegistry } from "./testing/fake-registry.ts";
import { amd64, failure, startPullRig } from "./testing/pull-rig.ts";

const bytes = randomBytes(200_000);
const secret = "s3cret";
const user: Credentials = { kind: "password", username: "ann", password: secret };
const auth = { kind: "basic", username: "ann", password: secret } as const;

test("a blob that lies elsewhere is fetched from there, without our credentials", async () => {
  await using storage = await FakeRegistry.start();
  await using rig = await startPullRig({ auth, credentials: async () => user });
  const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
  storage.addBlob(bytes);
  const { digest } = image.layers[0]!;
  const location = `http://${storage.host}/v2/bucket/blobs/${digest}?signature=x`;
  rig.registry.fail("GET", new RegExp(digest), { kind: "answer", status: 307, headers: { location } });
  await rig.client.resolve(rig.reference("base"), amd64);
  await rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
  assert.deepEqual(rig.store.content.read(digest, bytes.length), bytes);
  assert.deepEqual(
    storage.requests.map(({ authorization }) => authorization),
    [undefined],
  );
});

test("a redirect within the registry keeps the credentials", async () => {
  await using rig = await startPullRig({ auth, credentials: async () => user });
  const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
  const { digest } = image.layers[0]!;
  rig.registry.fail(
    "GET",
    /v2\/base\/blobs\/.*/,
    {
      kind: "answer",
      status: 302,
      headers: { location: `/v2/other/blobs/${digest}` },
    },
    2,
  );
  await rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
  assert.equal(rig.registry.count("GET", /v2\/other/), 2, "challenged once, then admitted");
});

test("a challenge from where we were sent is not answered", async () => {
  await using thief = await FakeRegistry.start({ auth: { kind: "basic", username: "x", password: "y" } });
  await using rig = await startPullRig({ auth, credentials: async () => user });
  const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
  const location = `http://${thief.host}/v2/base/blobs/${image.layers[0]!.digest}`;
  rig.registry.fail("GET", /blobs/, { kind: "answer", status: 307, headers: { location } }, 100);
  const got = await failure(rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content));
  assert.deepEqual(got, {
    code: "SERVER_ERROR",
    message: `Cannot pull ${rig.registry.host}/base:latest: ${thief.host} answered 401 (authentication required)`,
    hint: undefined,
  });
  assert.deepEqual(new Set(thief.requests.map(({ authorization }) => authorization)), new Set([undefined]));
});

const redirects = [
  { title: "without end", location: "/v2/base/manifests/latest", times: 100, said: "more than 5 redirects" },
  {
    title: "without a location",
    location: undefined,
    times: 1,
    said: "a redirect without a usable location",
  },
  {
    title: "to a file",
    location: "file:///etc/passwd",
    times: 1,
    said: 'a redirect to "null", which is not https',
  },
  { title: "to nowhere", location: "http://[", times: 1, said: "a redirect without a usable location" },
];

for (const { title, location, times, said } of redirects) {
  test(`a redirect ${title} is refused`, async () => {
    await using rig = await startPullRig();
    rig.registry.fail(
      "GET",
      /manifests/,
      { kind: "answer", status: 302, headers: location ? { location } : {} },
      times,
    );
    const { code, message } = await failure(rig.client.resolve(rig.reference("base"), amd64));
    assert.equal(code, "BAD_RESPONSE");
    assert.equal(
      message,
      `Cannot pull ${rig.registry.host}/base:latest: ${rig.registry.host} answered with ${said}`,
    );
  });
}

const realms = [
  "http://token.example/token",
  "file:///etc/passwd",
  "/token",
  "",
  "https://ann:x@token.example/",
];

for (const realm of realms) {
  test(`a token service at ${JSON.stringify(realm)} is not asked`, async () => {
    await using rig = await startPullRig({ auth: { kind: "bearer", realm }, credentials: async () => user });
    const { code, message } = await failure(rig.client.resolve(rig.reference("base"), amd64));
    assert.equal(code, "BAD_RESPONSE");
    assert.equal(
      message,
      `Cannot pull ${rig.registry.host}/base:latest: ${rig.registry.host} names a token service that cannot be used: ${JSON.stringify(realm)}`,
    );
  });
}

test("what a registry says is printed without control characters, in one line, and not at any length", async () => {
  await using rig = await startPullRig();
  const message = `\u001b[31mred\u0007 \n ${"x".repeat(1000)}`;
  const body = JSON.stringify({ errors: [{ message }, { code: "OTHER" }, null, 1] });
  rig.registry.fail("GET", /manifests/, { kind: "answer", status: 403, body });
  const got = await failure(rig.client.resolve(rig.reference("base"), amd64));
  const text = /\((.*)\)$/s.exec(got.message)![1]!;
  assert.ok(text.startsWith("\ufffd[31mred\ufffd xxx"));
  assert.equal(text.length, 300);
});

test("an error text without end is not read to its end", async () => {
  await using rig = await startPullRig();
  rig.registry.fail("GET", /manifests/, { kind: "answer", status: 403, body: Buffer.alloc(5_000_000, "x") });
  assert.equal((await failure(rig.client.resolve(rig.reference("base"), amd64))).code, "DENIED");
});

test("a password is in no error, cause or note, whatever fails", async () => {
  await using rig = await startPullRig({
    auth: { kind: "bearer", username: "ann", password: "other" },
    credentials: async () => user,
  });
  const error = (await rig.client
    .resolve(rig.reference("base"), amd64)
    .catch((each: unknown) => each)) as Error;
  const encoded = Buffer.from(`ann:${secret}`).toString("base64");
  const everything = [
    error.message,
    error.stack,
    JSON.stringify(error),
    String(error.cause),
    ...rig.notes,
  ].join("\n");
  assert.ok(!everything.includes(secret) && !everything.includes(encoded));
});

test("a manifest that is an index too is refused", async () => {
  await using rig = await startPullRig();
  const { manifest, config } = rig.registry.addImage("base", "latest", { layers: [bytes] });
  const both = JSON.stringify({ schemaVersion: 2, config, layers: [], manifests: [manifest] });
  rig.registry.addManifest("base", "latest", Buffer.from(both), "application/vnd.oci.image.index.v1+json");
  assert.equal((await failure(rig.client.resolve(rig.reference("base"), amd64))).code, "BAD_RESPONSE");
});

test("indexes in indexes are followed no deeper than one level", async () => {
  await using rig = await startPullRig();
  const { manifest } = rig.registry.addImage("base", "x", { layers: [] });
  const once = rig.registry.addIndex("base", "once", [manifest]);
  const twice = rig.registry.addIndex("base", "twice", [{ ...once, platform: amd64 }]);
  rig.registry.addIndex("base", "thrice", [{ ...twice, platform: amd64 }]);
  assert.equal((await rig.client.resolve(rig.reference("base:twice"), amd64)).digest, twice.digest);
  const { code } = await failure(rig.client.resolve(rig.reference("base:thrice"), amd64));
  assert.equal(code, "PLATFORM_NOT_FOUND");
});

test("a child manifest of another size than its index says is refused", async () => {
  await using rig = await startPullRig();
  const { manifest } = rig.registry.addImage("base", "x", { layers: [] });
  rig.registry.addIndex("base", "latest", [{ ...manifest, size: manifest.size + 1 }]);
  assert.equal((await failure(rig.client.resolve(rig.reference("base"), amd64))).code, "BAD_RESPONSE");
});

test("a config announced as huge is not fetched", async () => {
  await using rig = await startPullRig();
  const { config } = rig.registry.addImage("base", "x", { layers: [] });
  const manifest = { schemaVersion: 2, config: { ...config, size: 1e12 }, layers: [] };
  const type = "application/vnd.oci.image.manifest.v1+json";
  rig.registry.addManifest("base", "latest", Buffer.from(JSON.stringify(manifest)), type);
  const got = await failure(rig.client.resolve(rig.reference("base"), amd64));
  assert.equal(
    got.message,
    `Cannot pull ${rig.registry.host}/base:latest: its config has 1000000000000 bytes, more than 8388608`,
  );
  assert.equal(rig.registry.count("GET", /blobs/), 0);
});
