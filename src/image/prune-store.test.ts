import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { newLayerId, openStore, type Store } from "../content/index.ts";
import { digestOf, parseDiffID } from "../oci/index.ts";
import { type ImageRecord, ImageStore, LayerPacker, previewPrune, pruneStore } from "./index.ts";

const diffID = parseDiffID(digestOf("tar"));
const app = "docker.io/library/app:latest";

test("a prune removes untagged images and what only they needed, and keeps the others", async (t) => {
  const store = temporaryStore(t);
  const images = new ImageStore(store);
  const [kept, unneeded] = [addLayer(store), addLayer(store)];
  images.setName(app, images.putRecord(record(kept)));
  images.putRecord(record(unneeded));
  const { digest } = store.content.put("nobody's");
  store.cache.put("a".repeat(64), { layer: unneeded, identity: "i" });
  store.cache.put("b".repeat(64), { layer: kept, identity: "i" });
  letTimePass(store);
  const plan = await prune(store);
  assert.deepEqual(
    plan.layers.map(({ id }) => id),
    [unneeded],
  );
  assert.deepEqual(store.layers.list(), [kept]);
  assert.deepEqual(
    images.list().map(({ names }) => names),
    [[app]],
  );
  assert.deepEqual([...store.cache.list()], ["b".repeat(64)]);
  assert.equal(store.content.has(digest), false);
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("what this process has just used stays", async (t) => {
  const store = temporaryStore(t);
  const [old, touched] = [addLayer(store), addLayer(store)];
  const [lost, again] = [store.content.put("lost"), store.content.put("again")];
  letTimePass(store);
  store.layers.touch(touched);
  store.content.put("again");
  const id = new ImageStore(store).putRecord(record(touched));
  await prune(store);
  assert.deepEqual(store.layers.list(), [touched]);
  assert.equal(store.layers.has(old), false);
  assert.equal(store.content.has(lost.digest), false);
  assert.equal(store.content.has(again.digest), true);
  assert.equal(new ImageStore(store).find(id).recordId, id);
});

test("a built image keeps its packed layers, config and manifest, a pulled one its documents", async (t) => {
  const store = temporaryStore(t);
  const images = new ImageStore(store);
  const layer = addLayer(store);
  const blob = store.content.put("layer blob");
  const packed = { digest: blob.digest, size: blob.sizeBytes, mediaType: "m", compression: "gzip" } as const;
  store.layers.addPack(layer, { diffID, tarSizeBytes: 1, blobs: [packed] });
  images.setName(app, images.putRecord(record(layer)));
  const config = store.content.put(
    `{"architecture":"amd64","config":{},"created":null,"history":null,"os":"linux","rootfs":{"type":"layers","diff_ids":["${digestOf("tar")}"]}}`,
  );
  const [manifest, index, original] = ["manifest", "index", "config"].map((text) => store.content.put(text));
  const describe = (digest: typeof blob.digest) => ({ mediaType: "m", digest, size: 1 });
  const pulled: ImageRecord = {
    ...record(layer),
    layers: [],
    origin: {
      reference: "docker.io/library/base:latest",
      digest: index!.digest,
      manifest: describe(manifest!.digest),
      config: describe(original!.digest),
    },
  };
  images.setName("docker.io/library/base:latest", images.putRecord(pulled));
  letTimePass(store);
  const plan = await prune(store);
  assert.deepEqual(plan.blobs, []);
  assert.ok(store.content.has(config.digest));
});

test("a preview changes nothing and says the same", async (t) => {
  const store = temporaryStore(t);
  addLayer(store);
  store.content.put("lost");
  letTimePass(store);
  const preview = previewPrune(store, { cache: "keep" });
  assert.equal(store.layers.list().length, 1);
  assert.equal(preview.reclaimedBytes, 5 + 4);
  assert.deepEqual(await prune(store), preview);
});

test("what dead processes left half done is removed too", async (t) => {
  const store = temporaryStore(t);
  const dead = path.join(store.paths.tmp, "000000000000-1-2-3");
  mkdirSync(dead);
  writeFileSync(path.join(dead, "half"), "");
  await prune(store);
  assert.equal(existsSync(dead), false);
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("a layer touched at the last moment is put back", (t) => {
  const store = temporaryStore(t);
  const layer = addLayer(store);
  const before = store.layers.usedAtMs(layer)!;
  assert.equal(store.layers.takeOut(layer, before - 1), undefined);
  assert.ok(store.layers.has(layer));
  const taken = store.layers.takeOut(layer, before);
  assert.equal(path.dirname(taken!), store.temp.dir());
  assert.equal(store.layers.has(layer), false);
  assert.equal(store.layers.takeOut(layer, before), undefined);
});

test("a blob touched at the last moment stays", (t) => {
  const store = temporaryStore(t);
  const { digest, sizeBytes } = store.content.put("blob");
  letTimePass(store);
  const [listed] = [...store.content.list()];
  assert.equal(store.content.touch(digest, sizeBytes + 1), false);
  assert.ok(store.content.touch(digest, sizeBytes));
  store.content.removeUnused(digest, listed!.mtimeMs);
  assert.equal(store.content.read(digest, 10).toString(), "blob");
  store.content.removeUnused(digest, [...store.content.list()][0]!.mtimeMs);
  assert.equal(store.content.touch(digest), false);
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("what a build takes from the store stays, although the prune was planned before", async (t) => {
  const store = temporaryStore(t);
  const layer = addLayer(store);
  const { digest, sizeBytes } = store.content.put("layer blob");
  const blob = { digest, size: sizeBytes, mediaType: "m" };
  const packed = { ...blob, compression: "gzip" } as const;
  store.layers.addPack(layer, { diffID, tarSizeBytes: 1, blobs: [packed] });
  letTimePass(store);
  const plan = previewPrune(store, { cache: "all" });
  assert.deepEqual(
    plan.blobs.map((each) => each.digest),
    [digest],
  );
  const noTars = () => Promise.reject(new Error("nothing is packed"));
  assert.deepEqual(await new LayerPacker(store, noTars).blob(layer, { compression: "gzip" }), {
    diffID,
    blob,
  });
  for (const each of plan.blobs) store.content.removeUnused(each.digest, each.usedAtMs);
  assert.ok(store.content.has(digest));
});

test("a process that took something from the store is seen by a prune that starts later", (t) => {
  const store = temporaryStore(t);
  const layer = addLayer(store);
  const { digest } = store.content.put("x");
  for (const touch of [() => store.layers.touch(layer), () => store.content.touch(digest)]) {
    store.temp.close();
    assert.equal(store.temp.oldestLiveStartMs(), Infinity);
    assert.ok(touch());
    assert.ok(store.temp.oldestLiveStartMs() < Date.now());
  }
});

test("what a process made that ends while the prune looks around stays", async (t) => {
  const store = temporaryStore(t);
  const other = openStore(store.root, { owner: "other" });
  const { digest, sizeBytes } = other.content.put("layer blob");
  letTimePass(store);
  const images = new ImageStore(other);
  const blob = { digest, size: sizeBytes, mediaType: "m" };
  const list = store.layers.list.bind(store.layers);
  t.mock.method(store.layers, "list", () => {
    images.setName(app, images.putRecord({ ...record(""), layers: [{ kind: "blob", diffID, blob }] }));
    other.temp.close();
    return list();
  });
  await prune(store);
  assert.equal(store.temp.oldestLiveStartMs() > 0, true, "the other one has ended");
  assert.ok(store.content.has(digest));
});

async function prune(store: Store) {
  return await pruneStore(store, {
    cache: "unused",
    removeTrees: async (paths) => {
      for (const each of paths) rmSync(each, { recursive: true });
    },
  });
}

/** Makes everything older than this process. */
function letTimePass(store: Store): void {
  const files = [
    ...store.layers.list().map((id) => path.join(store.layers.dirOf(id), "meta.json")),
    ...[...store.content.list()].map(({ digest }) => store.content.pathOf(digest)),
    ...readdirSync(store.paths.imageRecords).map((name) => path.join(store.paths.imageRecords, name)),
  ];
  for (const file of files) utimesSync(file, 1000, 1000);
}

function addLayer(store: Store): string {
  const id = newLayerId();
  const dir = store.temp.newPath("layer");
  mkdirSync(path.join(dir, "fs"), { recursive: true });
  store.layers.commit(id, dir, { sizeBytes: 5, createdAtMs: 1 });
  return id;
}

function record(layer: string): ImageRecord {
  return {
    config: { architecture: "amd64", os: "linux", config: {}, history: [] },
    layers: [{ kind: "directory", layer, identity: "i" }],
  };
}

function temporaryStore(t: TestContext): Store {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-prune-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return openStore(dir);
}
