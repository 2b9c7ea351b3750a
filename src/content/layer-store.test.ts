import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { digestOf, parseDiffID } from "../oci/index.ts";
import { newLayerId, openStore, type PackedBlob, type Store } from "./index.ts";

const gzip: PackedBlob = { digest: digestOf("gz"), size: 2, mediaType: "m", compression: "gzip" };
const zstd: PackedBlob = { digest: digestOf("zs"), size: 2, mediaType: "m", compression: "zstd", level: 3 };
const diffID = parseDiffID(digestOf("tar"));

test("layer ids are 12 characters of [0-9a-z] and differ", () => {
  const ids = new Set(Array.from({ length: 1000 }, newLayerId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[0-9a-z]{12}$/);
});

test("a layer is there once it is committed, with its meta", (t) => {
  const store = temporaryStore(t);
  const id = newLayerId();
  assert.equal(store.layers.has(id), false);
  assert.equal(store.layers.readMeta(id), undefined);
  addLayer(store, id);
  assert.deepEqual(store.layers.readMeta(id), { sizeBytes: 5, createdAtMs: 1 });
  assert.equal(readFileSync(path.join(store.layers.fsOf(id), "file"), "utf8"), "hello");
  assert.deepEqual(store.layers.list(), [id]);
});

test("what is known of a layer's tar grows, and equal blobs are named once", (t) => {
  const store = temporaryStore(t);
  const id = newLayerId();
  addLayer(store, id);
  assert.equal(store.layers.readPack(id), undefined);
  store.layers.addPack(id, { diffID, tarSizeBytes: 9, blobs: [gzip] });
  store.layers.addPack(id, { diffID, tarSizeBytes: 9, blobs: [zstd] });
  store.layers.addPack(id, { diffID, tarSizeBytes: 9, blobs: [gzip] });
  assert.deepEqual(store.layers.readPack(id), { diffID, tarSizeBytes: 9, blobs: [zstd, gzip] });
});

test("a layer's tar never changes", (t) => {
  const store = temporaryStore(t);
  const id = newLayerId();
  addLayer(store, id);
  store.layers.addPack(id, { diffID, tarSizeBytes: 9, blobs: [] });
  const other = parseDiffID(digestOf("other"));
  assert.throws(() => store.layers.addPack(id, { diffID: other, tarSizeBytes: 9, blobs: [] }), {
    message: `Internal error: layer ${id} has diffID ${diffID}, and now ${other}`,
  });
});

const damaged = [
  "",
  "{",
  "null",
  "[]",
  '{"diffID":"x","tarSizeBytes":1,"blobs":[]}',
  '{"blobs":[{"digest":1}]}',
];
for (const text of damaged) {
  test(`a pack file holding ${JSON.stringify(text)} counts as absent`, (t) => {
    const store = temporaryStore(t);
    const id = newLayerId();
    addLayer(store, id);
    writeFileSync(path.join(store.layers.dirOf(id), "pack.json"), text);
    assert.equal(store.layers.readPack(id), undefined);
  });
}

test("a pack file with one wrong digit counts as absent: it would make another image", (t) => {
  const store = temporaryStore(t);
  const id = newLayerId();
  addLayer(store, id);
  store.layers.addPack(id, { diffID, tarSizeBytes: 9, blobs: [] });
  assert.equal(store.layers.readPack(id)?.diffID, diffID);
  const file = path.join(store.layers.dirOf(id), "pack.json");
  const last = diffID.endsWith("0") ? "1" : "0";
  writeFileSync(file, readFileSync(file, "utf8").replace(diffID, diffID.slice(0, -1) + last));
  assert.equal(store.layers.readPack(id), undefined);
});

test("touching a layer sets the time of its meta, and tells when it is gone", (t) => {
  const store = temporaryStore(t);
  const id = newLayerId();
  addLayer(store, id);
  const meta = path.join(store.layers.dirOf(id), "meta.json");
  utimesSync(meta, 1, 1);
  assert.equal(store.layers.touch(id), true);
  assert.ok(Date.now() - statSync(meta).mtimeMs < 60_000);
  assert.equal(store.layers.touch(newLayerId()), false);
});

for (const id of ["", "..", "../../etc/pas", "0123456789a/", "0123456789AB", "0123456789abc"]) {
  test(`${JSON.stringify(id)} is no layer id`, (t) => {
    assert.throws(() => temporaryStore(t).layers.fsOf(id), {
      code: "INVALID_NAME",
      message: `Cannot use layer ${JSON.stringify(id)}: not a layer's id`,
    });
  });
}

function addLayer(store: Store, id: string): void {
  const dir = store.temp.newPath("layer");
  mkdirSync(path.join(dir, "fs"), { recursive: true });
  writeFileSync(path.join(dir, "fs/file"), "hello");
  store.layers.commit(id, dir, { sizeBytes: 5, createdAtMs: 1 });
}

function temporaryStore(t: TestContext): Store {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-layers-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return openStore(dir);
}
