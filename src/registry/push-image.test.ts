import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Descriptor, digestOf, mediaTypes } from "../oci/index.ts";
import type { Credentials } from "./credentials.ts";
import type { PushImage } from "./push-image.ts";
import type { Fault } from "./testing/fake-faults.ts";
import { FakeRegistry } from "./testing/fake-registry.ts";
import { amd64, failure, startPullRig } from "./testing/pull-rig.ts";

const layer = randomBytes(3_000_000);
const config = Buffer.from(
  JSON.stringify({ ...amd64, config: {}, rootfs: { type: "layers", diff_ids: [digestOf(layer)] } }),
);
const layerDescriptor = describe(layer, mediaTypes.ociLayer);
const configDescriptor = describe(config, mediaTypes.ociConfig);
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers: [layerDescriptor],
  }),
);
const manifestDescriptor = describe(manifest, mediaTypes.ociManifest);
const image: PushImage = {
  blobs: [
    { descriptor: layerDescriptor, open: () => pieces(layer) },
    { descriptor: configDescriptor, open: () => pieces(config) },
    { descriptor: layerDescriptor, open: () => pieces(layer) },
  ],
  documents: [{ descriptor: manifestDescriptor, bytes: manifest }],
};

test("a pushed image can be pulled, by each of its tags", async () => {
  await using rig = await startPullRig();
  const references = [rig.reference("team/app:1"), rig.reference("team/app:latest")];
  const sent: number[] = [];
  const onProgress = (blob: Descriptor, current: number) => blob === layerDescriptor && sent.push(current);
  const result = await rig.client.push(references, image, { onProgress });
  assert.deepEqual(result, { uploaded: [layerDescriptor, configDescriptor], mounted: [], existing: [] });
  assert.equal(sent.at(-1), layer.length);
  for (const reference of references) {
    const resolved = await rig.client.resolve(reference, amd64);
    assert.deepEqual([resolved.digest, resolved.config.bytes], [manifestDescriptor.digest, config]);
    await rig.client.fetchBlob(reference, layerDescriptor, rig.store.content);
  }
  assert.deepEqual(rig.store.content.read(layerDescriptor.digest, layer.length), layer);
});

test("a second push sends nothing", async () => {
  await using rig = await startPullRig();
  await rig.client.push([rig.reference("app")], image);
  rig.registry.requests.length = 0;
  const result = await rig.client.push([rig.reference("app")], image);
  assert.deepEqual(result, { uploaded: [], mounted: [], existing: [layerDescriptor, configDescriptor] });
  assert.deepEqual(new Set(rig.registry.requests.map(({ method }) => method)), new Set(["HEAD"]));
});

test("a layer is taken over from the base image's repository", async () => {
  await using rig = await startPullRig({ auth: { kind: "bearer" } });
  rig.registry.blobs.set(layerDescriptor.digest, layer);
  rig.registry.fail("HEAD", new RegExp(layerDescriptor.digest), { kind: "answer", status: 404 });
  const blobs = image.blobs.map((blob) => ({ ...blob, mountFrom: "library/base" }));
  const result = await rig.client.push([rig.reference("app")], { ...image, blobs });
  assert.deepEqual([result.mounted, result.uploaded], [[layerDescriptor], [configDescriptor]]);
  const scopes = rig.registry.requests.flatMap(({ url }) =>
    url.startsWith("/token") ? [decodeURIComponent(url)] : [],
  );
  assert.ok(
    scopes.some((url) => url.includes("scope=repository:app:pull,push&scope=repository:library/base:pull")),
  );
});

test("an index is put after its manifests, and the tags point to it", async () => {
  await using rig = await startPullRig();
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [{ ...manifestDescriptor, platform: amd64 }],
    }),
  );
  const document = { descriptor: describe(index, mediaTypes.ociIndex), bytes: index };
  await rig.client.push([rig.reference("app:multi")], {
    blobs: image.blobs,
    documents: [...image.documents, document],
  });
  const resolved = await rig.client.resolve(rig.reference("app:multi"), amd64);
  assert.deepEqual(
    [resolved.digest, resolved.manifest.descriptor.digest],
    [document.descriptor.digest, manifestDescriptor.digest],
  );
});

const passing: [title: string, method: string, path: RegExp, fault: Fault][] = [
  ["a start of an upload that fails once", "POST", /uploads/, { kind: "answer", status: 503 }],
  ["too many requests", "POST", /uploads/, { kind: "answer", status: 429, headers: { "retry-after": "1" } }],
  ["a busy registry", "PUT", /uploads/, { kind: "answer", status: 503, headers: { "retry-after": "1" } }],
  ["an upload that is cut once", "PUT", /uploads/, { kind: "reset" }],
  ["an upload that fails once", "PUT", /uploads/, { kind: "answer", status: 500 }],
  ["a manifest that fails once", "PUT", /manifests/, { kind: "answer", status: 502 }],
];

for (const [title, method, path, fault] of passing) {
  test(`a push survives ${title}`, async () => {
    await using rig = await startPullRig();
    rig.registry.fail(method, path, fault);
    await rig.client.push([rig.reference("app")], image);
    assert.deepEqual(rig.registry.blobs.get(layerDescriptor.digest), layer);
    assert.equal((await rig.client.resolve(rig.reference("app"), amd64)).digest, manifestDescriptor.digest);
  });
}

const failing: [title: string, method: string, path: RegExp, fault: Fault, code: string, message: string][] =
  [
    ["403", "POST", /uploads/, { kind: "answer", status: 403 }, "DENIED", "access denied, HOST answered 403"],
    [
      "500 again and again",
      "PUT",
      /uploads/,
      { kind: "answer", status: 500 },
      "SERVER_ERROR",
      "HOST answered 500",
    ],
    [
      "no location",
      "POST",
      /uploads/,
      { kind: "answer", status: 202 },
      "BAD_RESPONSE",
      "HOST answered with a redirect without a usable location",
    ],
    [
      "an answer that is no confirmation",
      "PUT",
      /uploads/,
      { kind: "answer", status: 200 },
      "BAD_RESPONSE",
      `HOST answered 200 when it was sent blob ${layerDescriptor.digest}`,
    ],
    [
      "another manifest's digest",
      "PUT",
      /manifests/,
      { kind: "answer", status: 201, headers: { "docker-content-digest": "sha256:x" } },
      "DIGEST_MISMATCH",
      `manifest has the wrong digest: expected ${manifestDescriptor.digest}, got "sha256:x"`,
    ],
  ];

for (const [title, method, path, fault, code, message] of failing) {
  test(`a push reports ${title}, and no tag points to the image`, async () => {
    await using rig = await startPullRig({ client: { limits: { retryDelayMs: 1, maxBlobs: 1 } } });
    rig.registry.fail(method, path, fault, 100);
    assert.deepEqual(
      await failure(rig.client.push([rig.reference("app")], image)).then((each) => [each.code, each.message]),
      [code, `Cannot push ${rig.registry.host}/app:latest: ${message.replace("HOST", rig.registry.host)}`],
    );
    assert.equal(rig.registry.manifests.has("app:latest"), false);
  });
}

for (const [title, bytes, got] of [
  ["fewer", layer.subarray(1), 2_999_999],
  ["more", Buffer.concat([layer, layer]), 3_000_001],
] as const) {
  test(`a blob with ${title} bytes than its descriptor says is not pushed`, async () => {
    await using rig = await startPullRig();
    const blobs = [{ descriptor: layerDescriptor, open: () => pieces(bytes, 1) }];
    const { code, message } = await failure(rig.client.push([rig.reference("app")], { ...image, blobs }));
    assert.equal(code, "SIZE_MISMATCH");
    const what = `blob ${layerDescriptor.digest} has ${got} bytes, its descriptor says 3000000`;
    assert.equal(message, `Cannot push ${rig.registry.host}/app:latest: ${what}`);
    assert.equal(rig.registry.blobs.size, 0);
  });
}

test("what a blob's source throws ends the push", async () => {
  await using rig = await startPullRig();
  const lost = new Error("the blob is gone");
  const open = async function* () {
    yield layer.subarray(0, 1000);
    throw lost;
  };
  const blobs = [{ descriptor: layerDescriptor, open }];
  await assert.rejects(rig.client.push([rig.reference("app")], { ...image, blobs }), lost);
});

test("an upload that leads elsewhere goes there without our credentials", async () => {
  const user: Credentials = { kind: "password", username: "ann", password: "s3cret" };
  await using storage = await FakeRegistry.start();
  await using rig = await startPullRig({ auth: { ...user, kind: "basic" }, credentials: async () => user });
  storage.fail("PUT", /bucket/, { kind: "answer", status: 201 }, 2);
  const headers = { location: `http://${storage.host}/bucket?signature=x` };
  rig.registry.fail("POST", /uploads/, { kind: "answer", status: 202, headers }, 2);
  await rig.client.push([rig.reference("app")], image);
  assert.deepEqual(
    storage.requests.map(({ authorization }) => authorization),
    [undefined, undefined],
  );
  assert.ok(storage.requests.every(({ url }) => url.startsWith("/bucket?signature=x&digest=sha256%3A")));
});

for (const [title, limitBytes, patches] of [
  ["a proxy limits requests", 1_000_000, 7],
  ["a registry takes no blob in one request", 0, 2],
] as const) {
  test(`a blob is sent in chunks where ${title}`, async () => {
    await using rig = await startPullRig();
    if (limitBytes > 0) rig.registry.uploads.limitBytes = limitBytes;
    else rig.registry.fail("PUT", /uploads.*digest/, { kind: "answer", status: 405 }, 2);
    await rig.client.push([rig.reference("app")], image);
    assert.deepEqual(rig.registry.blobs.get(layerDescriptor.digest), layer);
    assert.equal(rig.registry.count("PATCH", /uploads/), patches);
  });
}

test("mirrors are not pushed to", async () => {
  await using mirror = await FakeRegistry.start();
  const mirrors = [{ host: mirror.host, scheme: "http", prefix: "" }] as const;
  await using rig = await startPullRig({
    configuration: (host) => ({ registries: { [host]: { insecure: false, mirrors } } }),
  });
  await rig.client.push([rig.reference("app")], image);
  assert.deepEqual(mirror.requests, []);
});

function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

async function* pieces(bytes: Uint8Array, smallest = 700_000): AsyncGenerator<Uint8Array> {
  const size = smallest === 1 ? 3_000_001 : smallest;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
