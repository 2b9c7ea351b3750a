import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openStore, type CacheKey } from "../../content/index.ts";
import { mediaTypes, parseDiffID } from "../../oci/index.ts";
import type { RemoteResult } from "../step-result.ts";
import { StepRecords } from "./step-records.ts";

const [asked, unasked, added] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [
  CacheKey,
  CacheKey,
  CacheKey,
];

test("a cache of another machine gives results for keys that were asked for, and for no other", async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-records-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const store = openStore(root);
  using writer = store.content.createWriter();
  writer.write(Buffer.from("hostile"));
  const { digest, sizeBytes } = writer.commit();
  const result: RemoteResult = {
    identity: "d".repeat(64),
    createdAtMs: 1,
    durationMs: 1,
    step: "RUN x",
    diffID: parseDiffID(digest),
    blob: { mediaType: mediaTypes.ociLayer, digest, size: sizeBytes },
    reference: "example.com/hostile",
  };
  // A cache may give one result under any key.
  const records = new StepRecords(store, [{ find: async () => result }]);
  const found = await records.findRemote(asked);
  assert.deepEqual(found?.keys, [asked]);
  records.addKey(asked, added, {});
  records.keepRemote();
  assert.deepEqual(records.find(asked)?.keys, [asked, added]);
  assert.deepEqual(records.find(added)?.keys, [asked, added]);
  assert.equal(records.find(unasked), undefined);
});

test("a record whose mounted layers are no ids of layers is no record", (t) => {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-records-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const store = openStore(root);
  const records = new StepRecords(store);
  const record = { layer: "a".repeat(12), identity: "i", createdAtMs: 1, parts: {} };
  store.cache.put(asked, { last: record });
  store.cache.put(unasked, { last: { ...record, mountedLayers: { "/m": ["../../../etc"] } } });
  assert.equal(records.last([asked])?.identity, "i");
  assert.equal(records.last([unasked]), undefined);
});
