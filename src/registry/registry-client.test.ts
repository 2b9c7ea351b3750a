import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { digestOf, parseReference } from "../oci/index.ts";
import { FakeRegistry } from "./testing/fake-registry.ts";
import { amd64, failure, quickLimits, startPullRig } from "./testing/pull-rig.ts";

const layers = [Buffer.from("first layer"), randomBytes(300_000)];

for (const form of ["oci", "docker"] as const) {
  test(`an image with ${form} media types is resolved and its layers are stored`, async () => {
    await using rig = await startPullRig();
    const image = rig.registry.addImage("library/base", "1.0", { layers, form });
    const reference = rig.reference("library/base:1.0");
    const resolved = await rig.client.resolve(reference, amd64);
    assert.equal(resolved.digest, image.manifest.digest);
    assert.equal(digestOf(resolved.manifest.bytes), image.manifest.digest);
    assert.deepEqual(resolved.config.descriptor, image.config);
    assert.equal(digestOf(resolved.config.bytes), image.config.digest);
    assert.deepEqual(resolved.manifest.value.layers, image.layers);
    await Promise.all(image.layers.map((layer) => rig.client.fetchBlob(reference, layer, rig.store.content)));
    const stored = image.layers.map((layer) => rig.store.content.read(layer.digest, layer.size));
    assert.deepEqual(stored, layers);
  });
}

test("an index gives the image of the wanted platform, and its own digest", async () => {
  await using rig = await startPullRig();
  const arm64 = { os: "linux", architecture: "arm64" };
  const one = rig.registry.addImage("base", "amd64", { layers: [], platform: amd64 });
  const other = rig.registry.addImage("base", "arm64", { layers: [layers[0]!], platform: arm64 });
  const index = rig.registry.addIndex("base", "latest", [one.manifest, other.manifest]);
  const resolved = await rig.client.resolve(rig.reference("base"), arm64);
  assert.equal(resolved.digest, index.digest);
  assert.equal(resolved.index?.descriptor.digest, index.digest);
  assert.equal(resolved.manifest.descriptor.digest, other.manifest.digest);
  assert.equal(rig.registry.count("GET", /manifests/), 2);
});

test("a digest wins over the tag beside it", async () => {
  await using rig = await startPullRig();
  const old = rig.registry.addImage("base", "latest", { layers: [layers[0]!] });
  rig.registry.addImage("base", "latest", { layers });
  const resolved = await rig.client.resolve(rig.reference(`base:latest@${old.manifest.digest}`), amd64);
  assert.equal(resolved.digest, old.manifest.digest);
});

test("what a tag points to is found without fetching the manifest", async () => {
  await using rig = await startPullRig();
  const { manifest } = rig.registry.addImage("base", "latest", { layers });
  assert.equal(await rig.client.resolveDigest(rig.reference("base")), manifest.digest);
  assert.deepEqual(
    rig.registry.requests.map(({ method }) => method),
    ["HEAD"],
  );
});

test("what a tag points to is computed where the registry does not say it", async () => {
  await using rig = await startPullRig();
  const { manifest } = rig.registry.addImage("base", "latest", { layers });
  rig.registry.fail("HEAD", /manifests/, { kind: "answer", status: 200 });
  assert.equal(await rig.client.resolveDigest(rig.reference("base")), manifest.digest);
});

test("progress counts the bytes of a blob up to its size", async () => {
  await using rig = await startPullRig();
  const image = rig.registry.addImage("base", "latest", { layers });
  const seen: number[] = [];
  const onProgress = (current: number, total: number) => seen.push(current, total);
  await rig.client.fetchBlob(rig.reference("base"), image.layers[1]!, rig.store.content, { onProgress });
  assert.deepEqual(seen.slice(-2), [300_000, 300_000]);
});

test("no more blobs than allowed are in flight at once", async () => {
  await using rig = await startPullRig({
    client: { limits: { ...quickLimits, maxBlobs: 1, idleTimeoutMs: 100, maxTries: 1 } },
  });
  const image = rig.registry.addImage("base", "latest", { layers });
  rig.registry.fail("GET", /blobs/, { kind: "silence" });
  const first = rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
  const second = rig.client.fetchBlob(rig.reference("base"), image.layers[1]!, rig.store.content);
  await assert.rejects(first);
  assert.equal(rig.registry.count("GET", /blobs/), 1);
  await second;
});

test("an ended signal ends what is under way, and its reason is thrown", async () => {
  const controller = new AbortController();
  await using rig = await startPullRig({ client: { signal: controller.signal } });
  const image = rig.registry.addImage("base", "latest", { layers });
  rig.registry.fail("GET", /blobs/, { kind: "stall", afterBytes: 1000 });
  const reason = new Error("interrupted");
  const onProgress = () => controller.abort(reason);
  const fetching = rig.client.fetchBlob(rig.reference("base"), image.layers[1]!, rig.store.content, {
    onProgress,
  });
  await assert.rejects(fetching, reason);
  assert.deepEqual([...rig.store.content.list()], []);
});

test("a mirror is asked first, under its prefix", async () => {
  await using mirror = await FakeRegistry.start();
  const image = mirror.addImage("hub/library/base", "latest", { layers });
  await using rig = await startPullRig({
    configuration: (host) => ({
      registries: {
        [host]: { insecure: false, mirrors: [{ host: mirror.host, scheme: "http", prefix: "hub" }] },
      },
    }),
  });
  const reference = rig.reference("library/base");
  assert.equal((await rig.client.resolve(reference, amd64)).digest, image.manifest.digest);
  await rig.client.fetchBlob(reference, image.layers[1]!, rig.store.content);
  assert.deepEqual(rig.registry.requests, []);
});

test("Docker Hub's images come from a mirror that is named for docker.io", async () => {
  await using mirror = await FakeRegistry.start();
  const { manifest } = mirror.addImage("library/base", "latest", { layers });
  const mirrors = [{ host: mirror.host, scheme: undefined, prefix: "" }];
  const configuration = { registries: { "docker.io": { insecure: false, mirrors } } };
  await using rig = await startPullRig({ client: { configuration } });
  assert.equal((await rig.client.resolve(parseReference("base"), amd64)).digest, manifest.digest);
});

test("a mirror that lacks an image, is not there or sends wrong bytes is passed over, with a note", async () => {
  await using mirror = await FakeRegistry.start();
  await using rig = await startPullRig({
    configuration: (host) => ({
      registries: {
        [host]: {
          insecure: false,
          mirrors: [
            { host: "127.0.0.1:1", scheme: "http", prefix: "" },
            { host: mirror.host, scheme: "http", prefix: "" },
          ],
        },
      },
    }),
  });
  const image = rig.registry.addImage("base", "latest", { layers });
  mirror.blobs.set(image.layers[1]!.digest, randomBytes(300_000));
  const reference = rig.reference("base");
  await rig.client.resolve(reference, amd64);
  await rig.client.fetchBlob(reference, image.layers[1]!, rig.store.content);
  assert.deepEqual(rig.store.content.read(image.layers[1]!.digest, 300_000), layers[1]);
  const subject = `Cannot pull ${rig.registry.host}/base:latest`;
  assert.deepEqual(rig.notes, [
    `${subject}: cannot reach 127.0.0.1:1: connection refused, at mirror 127.0.0.1:1; asking the next one`,
    `${subject}: not found, at mirror ${mirror.host}; asking the next one`,
    `${subject}: ${mirror.host} sent wrong bytes for layer ${image.layers[1]!.digest}; trying ${rig.registry.host}`,
  ]);
});

test("when the registry fails too, the error says what its mirrors said", async () => {
  await using mirror = await FakeRegistry.start();
  await using rig = await startPullRig({
    configuration: (host) => ({
      registries: {
        [host]: { insecure: false, mirrors: [{ host: mirror.host, scheme: "http", prefix: "" }] },
      },
    }),
  });
  mirror.fail("GET", /manifests/, { kind: "answer", status: 500 }, 10);
  assert.deepEqual(await failure(rig.client.resolve(rig.reference("base"), amd64)), {
    code: "NOT_FOUND",
    message: `Cannot pull ${rig.registry.host}/base:latest: not found (mirror ${mirror.host}: ${mirror.host} answered 500)`,
    hint: `check the name and the tag; ${rig.registry.host} answered 404 (manifest unknown)`,
  });
});

test("a mirror that is down is asked once, not for every blob", async () => {
  await using mirror = await FakeRegistry.start();
  await using rig = await startPullRig({
    configuration: (host) => ({
      registries: {
        [host]: { insecure: false, mirrors: [{ host: mirror.host, scheme: "http", prefix: "" }] },
      },
    }),
  });
  const image = rig.registry.addImage("base", "latest", { layers });
  mirror.fail("GET", /./, { kind: "answer", status: 500 }, 100);
  for (const layer of image.layers)
    await rig.client.fetchBlob(rig.reference("base"), layer, rig.store.content);
  assert.equal(mirror.requests.length, 5);
});
