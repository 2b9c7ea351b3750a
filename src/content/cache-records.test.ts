import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openStore, type Store } from "./index.ts";

const key = "ab".repeat(32);
const otherKey = "cd".repeat(32);

test("a cache record is got back, replaced and removed by its key", (t) => {
  const { cache, temp } = temporaryStore(t);
  assert.equal(cache.get(key), undefined);
  cache.put(key, { layer: "one" });
  cache.put(key, { layer: "two" });
  assert.deepEqual(cache.get(key), { layer: "two" });
  assert.deepEqual([...cache.list()], [key]);
  assert.deepEqual(readdirSync(temp.dir()), []);
  cache.remove(key);
  cache.remove(key);
  assert.equal(cache.get(key), undefined);
  assert.deepEqual([...cache.list()], []);
});

test("a record that is to be written soon is found at once, and by others once it is written", async (t) => {
  const { cache, root } = temporaryStore(t);
  const elsewhere = openStore(root).cache;
  cache.putSoon(key, { layer: "one" });
  cache.putSoon(otherKey, { layer: "two" });
  assert.deepEqual(cache.get(key), { layer: "one" });
  assert.equal(elsewhere.get(key), undefined);
  await cache.written();
  assert.deepEqual([elsewhere.get(key), elsewhere.get(otherKey)], [{ layer: "one" }, { layer: "two" }]);
});

test("of several values for one key the last counts, whether written soon or at once", async (t) => {
  const { cache, root } = temporaryStore(t);
  cache.putSoon(key, 1);
  cache.put(key, 2);
  cache.putSoon(otherKey, 1);
  cache.remove(otherKey);
  await cache.written();
  assert.deepEqual([openStore(root).cache.get(key), openStore(root).cache.get(otherKey)], [2, undefined]);
  cache.putSoon(key, 3);
  await cache.written();
  assert.equal(openStore(root).cache.get(key), 3);
});

test("a record that could not be written is told of, and the next ones are written", async (t) => {
  const { cache, paths } = temporaryStore(t);
  const place = path.join(paths.cache, "ab");
  writeFileSync(place, "no directory");
  cache.putSoon(key, 1);
  await assert.rejects(cache.written(), { code: "ENOTDIR" });
  rmSync(place);
  cache.putSoon(key, 2);
  await assert.rejects(cache.written(), { code: "ENOTDIR" });
  assert.equal(cache.get(key), 2);
});

test("a damaged cache record counts as absent", (t) => {
  const { cache, paths } = temporaryStore(t);
  cache.put(key, { layer: "one" });
  writeFileSync(path.join(paths.cache, "ab", `${key}.json`), '{"layer":');
  assert.equal(cache.get(key), undefined);
});

for (const bad of ["", "../../etc/passwd", "AB".repeat(32), `${key}/`]) {
  test(`${JSON.stringify(bad)} is no cache key`, (t) => {
    const { cache } = temporaryStore(t);
    const message = `Cannot use cache key ${JSON.stringify(bad)}: not a digest`;
    assert.throws(() => cache.get(bad), { code: "INVALID_NAME", message });
    assert.throws(() => cache.put(bad, 1), { code: "INVALID_NAME", message });
  });
}

function temporaryStore(t: TestContext): Store {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-cache-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return openStore(dir);
}
