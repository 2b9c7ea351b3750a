import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Digest } from "../oci/index.ts";
import type { NetworkLimits } from "./limits.ts";
import type { Fault } from "./testing/fake-faults.ts";
import type { FakeImage } from "./testing/fake-registry.ts";
import { amd64, failure, quickLimits, startPullRig } from "./testing/pull-rig.ts";

const bytes = randomBytes(3_000_000);
const always = Number.POSITIVE_INFINITY;
const json = { "content-type": "application/json" };
const error = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] });

interface Row {
  readonly title: string;
  readonly method?: string;
  readonly path?: RegExp;
  readonly fault: Fault;
  readonly times?: number;
  readonly code: string;
  /** After `Cannot pull HOST/base:latest: `; `HOST`, `LAYER` and `CONFIG` stand for the real ones. */
  readonly message: string;
  readonly hint?: string;
}

const manifestRows: Row[] = [
  {
    title: "401 without a challenge",
    fault: { kind: "answer", status: 401 },
    code: "BAD_RESPONSE",
    message: "HOST asks for an authentication that is not known here",
  },
  {
    title: "401 that asks for a password which nobody has",
    fault: { kind: "answer", status: 401, headers: { "www-authenticate": 'Basic realm="x"' } },
    code: "UNAUTHORIZED",
    message: "access denied, the repository does not exist or needs a login",
    hint: 'check the name, or log in with "slipway login HOST"',
  },
  {
    title: "403",
    fault: {
      kind: "answer",
      status: 403,
      headers: json,
      body: error("DENIED", "requested access is denied"),
    },
    code: "DENIED",
    message: "access denied, HOST answered 403 (requested access is denied)",
    hint: "ask the registry's owner for access to this repository",
  },
  {
    title: "404",
    fault: { kind: "answer", status: 404, headers: json, body: error("NAME_UNKNOWN", "repository unknown") },
    code: "NOT_FOUND",
    message: "not found",
    hint: "check the name and the tag; HOST answered 404 (repository unknown)",
  },
  {
    title: "429 again and again",
    fault: {
      kind: "answer",
      status: 429,
      headers: json,
      body: error("TOOMANYREQUESTS", "pull rate limit reached"),
    },
    code: "TOO_MANY_REQUESTS",
    message: "too many requests: HOST answered 429 (pull rate limit reached)",
    hint: `log in with "slipway login HOST" for a higher limit, name a mirror in Slipway's configuration file, or wait`,
  },
  {
    title: "429 that asks for an hour",
    fault: { kind: "answer", status: 429, headers: { "retry-after": "3600" } },
    times: 1,
    code: "TOO_MANY_REQUESTS",
    message: "too many requests: HOST answered 429, and asks to wait 3600 s",
    hint: `log in with "slipway login HOST" for a higher limit, name a mirror in Slipway's configuration file, or wait`,
  },
  {
    title: "500 again and again",
    fault: { kind: "answer", status: 500, body: "<html>" },
    code: "SERVER_ERROR",
    message: "HOST answered 500",
  },
  {
    title: "503 again and again",
    fault: { kind: "answer", status: 503, headers: { "retry-after": "0" } },
    code: "SERVER_ERROR",
    message: "HOST answered 503",
  },
  {
    title: "a connection that is closed without an answer, again and again",
    fault: { kind: "reset" },
    code: "INTERRUPTED",
    message: "cannot reach HOST: connection was reset",
  },
  {
    title: "silence",
    fault: { kind: "silence" },
    code: "INTERRUPTED",
    message: "cannot reach HOST: it sent nothing for 0.1 s",
  },
  {
    title: "a manifest that is not JSON",
    fault: { kind: "answer", status: 200, body: "<html>" },
    code: "BAD_RESPONSE",
    message: "cannot parse manifest: not JSON",
  },
  {
    title: "a manifest of schema version 1",
    fault: {
      kind: "answer",
      status: 200,
      headers: { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" },
      body: '{"schemaVersion":1}',
    },
    code: "UNSUPPORTED_MEDIA_TYPE",
    message: "its manifest has the obsolete schema version 1",
    hint: "push the image again with a current tool",
  },
  {
    title: "a manifest without end",
    fault: { kind: "answer", status: 200, body: Buffer.alloc(4 * 1024 * 1024 + 1, " ") },
    code: "SIZE_EXCEEDED",
    message: "HOST sent more than 4194304 bytes for manifests/latest",
  },
  {
    title: "a manifest other than the registry's own digest for it",
    fault: {
      kind: "answer",
      status: 200,
      headers: { "docker-content-digest": `sha256:${"0".repeat(64)}` },
      body: "{}",
    },
    code: "DIGEST_MISMATCH",
    message: `manifest has the wrong digest: expected sha256:${"0".repeat(64)}, got sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`,
  },
  {
    title: "a config that is missing",
    path: /blobs/,
    fault: { kind: "answer", status: 404 },
    code: "NOT_FOUND",
    message: "the registry lacks its config CONFIG",
    hint: "check the name and the tag; HOST answered 404",
  },
  {
    title: "a config with other bytes",
    path: /blobs/,
    fault: { kind: "answer", status: 200, body: "{}" },
    code: "DIGEST_MISMATCH",
    message:
      "config has the wrong digest: expected CONFIG, got sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  },
];

for (const row of manifestRows) {
  test(`resolving reports ${row.title}`, async () => {
    await using rig = await startPullRig({ client: { limits: limitsFor(row.fault) } });
    const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
    rig.registry.fail(row.method ?? "GET", row.path ?? /manifests/, row.fault, row.times ?? always);
    const got = await failure(rig.client.resolve(rig.reference("base"), amd64));
    assert.deepEqual(got, expected(row, rig.registry.host, image));
  });
}

const blobRows: Row[] = [
  {
    title: "a layer that is missing",
    fault: { kind: "answer", status: 404 },
    code: "NOT_FOUND",
    message: "the registry lacks layer LAYER",
    hint: "check the name and the tag; HOST answered 404",
  },
  {
    title: "500 again and again",
    fault: { kind: "answer", status: 500 },
    code: "SERVER_ERROR",
    message: "HOST answered 500",
  },
  {
    title: "a transfer that breaks again and again",
    fault: { kind: "cut", afterBytes: 10 },
    code: "INTERRUPTED",
    message: "HOST broke off layer LAYER after 50 of 3000000 bytes",
  },
  {
    title: "a transfer that falls silent again and again",
    fault: { kind: "stall", afterBytes: 10 },
    code: "INTERRUPTED",
    message: "HOST broke off layer LAYER after 50 of 3000000 bytes",
  },
  {
    title: "a layer that ends early without a break",
    fault: { kind: "answer", status: 200, body: bytes.subarray(0, 1000) },
    code: "INTERRUPTED",
    message: "HOST broke off layer LAYER after 1000 of 3000000 bytes",
  },
  {
    title: "a layer announced as longer than its manifest says",
    fault: { kind: "answer", status: 200, headers: { "content-length": 3_000_001 }, body: bytes },
    code: "SIZE_EXCEEDED",
    message: "layer LAYER has 3000000 bytes, HOST announces 3000001 bytes",
  },
  {
    title: "a layer announced as shorter than its manifest says, at once",
    fault: {
      kind: "answer",
      status: 200,
      headers: { "content-length": 1000 },
      body: bytes.subarray(0, 1000),
    },
    times: 1,
    code: "SIZE_MISMATCH",
    message: "layer LAYER has 3000000 bytes, HOST announces 1000 bytes",
  },
  {
    title: "a layer that goes on after its end",
    fault: {
      kind: "answer",
      status: 200,
      body: Buffer.concat([bytes, bytes]),
      headers: { "transfer-encoding": "chunked" },
    },
    code: "SIZE_EXCEEDED",
    message: "layer LAYER has 3000000 bytes, HOST sent more",
  },
  {
    title: "a layer with other bytes",
    fault: { kind: "answer", status: 200, body: Buffer.alloc(3_000_000) },
    code: "DIGEST_MISMATCH",
    message: "HOST sent wrong bytes for layer LAYER",
  },
];

for (const row of blobRows) {
  test(`fetching a layer reports ${row.title}, and stores nothing`, async () => {
    await using rig = await startPullRig({ client: { limits: limitsFor(row.fault) } });
    const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
    rig.registry.fail("GET", /blobs/, row.fault, row.times ?? always);
    const fetching = rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
    assert.deepEqual(await failure(fetching), expected(row, rig.registry.host, image));
    assert.deepEqual([...rig.store.content.list()], []);
  });
}

const passing: { title: string; fault: Fault; path?: RegExp; ranges?: (string | undefined)[] }[] = [
  { title: "a connection that is closed once", fault: { kind: "reset" } },
  { title: "a moment of silence", fault: { kind: "silence" } },
  { title: "one 429", fault: { kind: "answer", status: 429, headers: { "retry-after": "0" } } },
  { title: "one 500", fault: { kind: "answer", status: 500 } },
  { title: "one 503", fault: { kind: "answer", status: 503, headers: { "retry-after": "0" } } },
  {
    title: "a cut in the middle of a layer",
    fault: { kind: "cut", afterBytes: 1_500_000 },
    ranges: [undefined, "bytes=1500000-"],
  },
  { title: "a layer that falls silent", fault: { kind: "stall", afterBytes: 1_500_000 } },
];

for (const { title, fault, ranges } of passing) {
  test(`a pull survives ${title}`, async () => {
    const limits = { ...limitsFor(fault), ...(isSilent(fault) && { idleTimeoutMs: 300, maxTries: 8 }) };
    await using rig = await startPullRig({ client: { limits } });
    const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
    const reference = rig.reference("base");
    if (fault.kind !== "cut" && fault.kind !== "stall") {
      rig.registry.fail("GET", /manifests/, fault);
      await rig.client.resolve(reference, amd64);
    }
    const [layer] = image.layers;
    const path = new RegExp(`blobs/${layer!.digest}`);
    rig.registry.fail("GET", path, fault);
    await rig.client.fetchBlob(reference, layer!, rig.store.content);
    assert.deepEqual(rig.store.content.read(layer!.digest, layer!.size), bytes);
    const asked = rig.registry.requests.filter(({ url }) => path.test(url)).map(({ range }) => range);
    // On a busy machine an answer may come so late that it counts as silence too, and is asked for once more.
    if (isSilent(fault)) assert.ok(asked.length >= 2);
    else assert.deepEqual(asked, ranges ?? [undefined, undefined]);
  });
}

test("a registry that ignores the range sends everything again, and the layer is right", async () => {
  await using rig = await startPullRig();
  const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
  rig.registry.fail("GET", /blobs/, { kind: "cut", afterBytes: 2_000_000 });
  rig.registry.fail("GET", /blobs/, { kind: "ignore-range" });
  await rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
  assert.deepEqual(rig.store.content.read(image.layers[0]!.digest, bytes.length), bytes);
  assert.equal(rig.registry.count("GET", /blobs/), 2);
});

test("another range than was asked for is refused", async () => {
  await using rig = await startPullRig();
  const image = rig.registry.addImage("base", "latest", { layers: [bytes] });
  rig.registry.fail("GET", /blobs/, { kind: "cut", afterBytes: 1000 });
  const headers = { "content-range": "bytes 0-2999999/3000000" };
  rig.registry.fail("GET", /blobs/, { kind: "answer", status: 206, headers, body: bytes });
  const got = await failure(rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content));
  const message = "HOST answered with another range than was asked for";
  assert.deepEqual(
    got,
    expected(
      { title: "", fault: { kind: "reset" }, code: "BAD_RESPONSE", message },
      rig.registry.host,
      image,
    ),
  );
  assert.deepEqual([...rig.store.content.list()], []);
});

test("a long layer may break more often than one request is tried, as long as it moves on", async () => {
  await using rig = await startPullRig({ client: { limits: { ...quickLimits, maxTries: 2 } } });
  const long = randomBytes(6_000_000);
  const image = rig.registry.addImage("base", "latest", { layers: [long] });
  rig.registry.fail("GET", /blobs/, { kind: "cut", afterBytes: 1_200_000 }, 4);
  await rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
  assert.deepEqual(rig.store.content.read(image.layers[0]!.digest, long.length), long);
  assert.equal(rig.registry.count("GET", /blobs/), 5);
});

test("an index without the platform names those that it has", async () => {
  await using rig = await startPullRig();
  const { manifest } = rig.registry.addImage("base", "x", { layers: [] });
  const attestation = { ...manifest, platform: { os: "unknown", architecture: "unknown" } };
  rig.registry.addIndex("base", "latest", [manifest, attestation]);
  const got = await failure(
    rig.client.resolve(rig.reference("base"), { os: "linux", architecture: "riscv64" }),
  );
  assert.deepEqual(got, {
    code: "PLATFORM_NOT_FOUND",
    message: `Cannot pull ${rig.registry.host}/base:latest: no match for platform in manifest: not found`,
    hint: "it was asked for linux/riscv64, and is there for linux/amd64",
  });
});

test("an artifact that is no image is refused", async () => {
  await using rig = await startPullRig();
  const config = rig.registry.addBlob(Buffer.from("{}"), "application/vnd.cncf.helm.config.v1+json");
  const manifest = { schemaVersion: 2, config, layers: [] };
  const type = "application/vnd.oci.image.manifest.v1+json";
  rig.registry.addManifest("chart", "latest", Buffer.from(JSON.stringify(manifest)), type);
  const got = await failure(rig.client.resolve(rig.reference("chart"), amd64));
  assert.equal(got.code, "UNSUPPORTED_MEDIA_TYPE");
  assert.equal(
    got.message,
    `Cannot pull ${rig.registry.host}/chart:latest: it is not a container image, its config has type "application/vnd.cncf.helm.config.v1+json"`,
  );
});

test("a registry that is not there is reported at once", async () => {
  await using rig = await startPullRig();
  const reference = { domain: "127.0.0.1:1", path: "base", tag: "latest" };
  assert.deepEqual(await failure(rig.client.resolve(reference, amd64)), {
    code: "UNREACHABLE",
    message: "Cannot pull 127.0.0.1:1/base:latest: cannot reach 127.0.0.1:1: connection refused",
    hint: "check the network, the name and the proxy settings",
  });
});

function limitsFor(fault: Fault): Partial<NetworkLimits> {
  return { ...quickLimits, ...(isSilent(fault) ? { idleTimeoutMs: 100 } : {}) };
}

function isSilent({ kind }: Fault): boolean {
  return kind === "silence" || kind === "stall";
}

function expected(row: Row, host: string, image: FakeImage) {
  const fill = (text: string) =>
    text
      .replaceAll("HOST", host)
      .replaceAll("LAYER", image.layers[0]!.digest)
      .replaceAll("CONFIG", image.config.digest satisfies Digest);
  return {
    code: row.code,
    message: `Cannot pull ${host}/base:latest: ${fill(row.message)}`,
    hint: row.hint === undefined ? undefined : fill(row.hint),
  };
}
