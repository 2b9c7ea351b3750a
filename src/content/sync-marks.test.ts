import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { newLayerId, openStore, type Store } from "./index.ts";

const noSync = async () => {};
let restarts = 0;

test("a layer is trusted as long as the machine runs, synced or not", async (t) => {
  const { store, id } = storeWithLayer(t);
  assert.ok(store.layers.has(id));
  await store.layers.sync(noSync);
  assert.ok(store.layers.has(id));
});

test("after a restart a layer that was not synced is absent, and one that was is there", async (t) => {
  const { store, id } = storeWithLayer(t);
  await store.layers.sync(noSync);
  const later = addLayer(store);
  const after = restart(store);
  assert.deepEqual(after.layers.readMeta(id), { sizeBytes: 5, createdAtMs: 1 });
  assert.ok(after.layers.touch(id));
  assert.equal(after.layers.readMeta(later), undefined);
  assert.equal(after.layers.touch(later), false);
});

test("a sync in a later boot does not make up for an earlier one", async (t) => {
  const { store, id } = storeWithLayer(t);
  const after = restart(store);
  const later = addLayer(after);
  await after.layers.sync(noSync);
  assert.equal(after.layers.has(id), false);
  assert.ok(restart(after).layers.has(later));
});

for (const damage of ["", "null", "[]", '{"boots":7}', '{"boots":{"x":1}}']) {
  test(`with marks that hold ${JSON.stringify(damage)} nothing of an earlier boot is trusted, until the next sync`, async (t) => {
    const { store, id } = storeWithLayer(t);
    await store.layers.sync(noSync);
    writeFileSync(path.join(store.root, "synced.json"), damage);
    const after = restart(store);
    assert.equal(after.layers.has(id), false);
    const later = addLayer(after);
    await after.layers.sync(noSync);
    assert.ok(restart(after).layers.has(later));
  });
}

test("a sync happens only when layers came or went, and counts only when it succeeded", async (t) => {
  const { store } = storeWithLayer(t);
  const synced: string[] = [];
  const sync = async (directory: string) => void synced.push(directory);
  const broken = async () => assert.fail("the disk is broken");
  await assert.rejects(store.layers.sync(broken), /the disk is broken/);
  await store.layers.sync(sync);
  await store.layers.sync(sync);
  assert.deepEqual(synced, [store.paths.layers]);
  addLayer(store);
  await store.layers.sync(sync);
  assert.equal(synced.length, 2);
});

/** The store as it is found in another boot: everything that names this one is renamed. */
function restart(store: Store): Store {
  const earlier = `boot ${restarts++}`;
  const metas = store.layers.list().map((id) => path.join(store.layers.dirOf(id), "meta.json"));
  for (const file of [...metas, path.join(store.root, "synced.json")]) {
    try {
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replaceAll(store.temp.owner.slice(0, 12), earlier));
    } catch {
      // no marks yet
    }
  }
  return openStore(store.root);
}

function storeWithLayer(t: TestContext): { store: Store; id: string } {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-marks-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const store = openStore(dir);
  return { store, id: addLayer(store) };
}

function addLayer(store: Store): string {
  const id = newLayerId();
  const dir = store.temp.newPath("layer");
  mkdirSync(path.join(dir, "fs"), { recursive: true });
  store.layers.commit(id, dir, { sizeBytes: 5, createdAtMs: 1 });
  return id;
}
