import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openStore, type Store } from "./index.ts";

const key = "ab".repeat(32);

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
