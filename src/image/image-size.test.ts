import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { newLayerId, openStore } from "../content/index.ts";
import { digestOf, parseDiffID } from "../oci/index.ts";
import { ImageSizes, unpackedKey } from "./index.ts";

test("a layer of a base image is as large as its files once they are known, and as its blob before", (t) => {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-size-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const store = openStore(root);
  const diffID = parseDiffID(digestOf("tar"));
  const blob = { digest: digestOf("gz"), size: 3, mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" };
  const size = () => new ImageSizes(store).layerSize({ kind: "blob", diffID, blob });
  assert.equal(size(), 3);
  const layer = newLayerId();
  const made = store.temp.newPath("layer");
  mkdirSync(path.join(made, "fs"), { recursive: true });
  store.layers.commit(layer, made, { sizeBytes: 7, createdAtMs: 1 });
  store.cache.put(unpackedKey(diffID), { layer });
  assert.equal(size(), 7);
  for (const damaged of [{ layer: "../../../etc" }, { layer: newLayerId() }, {}, []]) {
    store.cache.put(unpackedKey(diffID), damaged);
    assert.equal(size(), 3);
  }
});
