import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { LayersTrees } from "./index.ts";

/** Layers with a file each, bottom first. */
function makeLayers(t: TestContext, count: number): string[] {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-trees-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return Array.from({ length: count }, (_, number) => {
    const layer = path.join(root, `l${number}`);
    mkdirSync(layer);
    writeFileSync(path.join(layer, `f${number}`), "");
    return layer;
  });
}

test("the tree of the longest stack below is used again, and reads only what is new", (t) => {
  const layers = makeLayers(t, 3);
  const trees = new LayersTrees();
  const first = trees.take(layers.slice(0, 1));
  const second = trees.take(layers.slice(0, 2));
  assert.deepEqual(second.readdir("/"), ["f0", "f1"]);
  trees.giveBack(second);
  trees.giveBack(first);
  rmSync(layers[0]!, { recursive: true });
  rmSync(layers[1]!, { recursive: true });
  const third = trees.take(layers);
  assert.equal(third, second);
  assert.deepEqual(third.readdir("/"), ["f0", "f1", "f2"]);
});

test("a tree that is in use is nobody else's", (t) => {
  const layers = makeLayers(t, 2);
  const trees = new LayersTrees();
  const lower = trees.take(layers.slice(0, 1));
  const upper = trees.take(layers);
  assert.notEqual(lower, upper);
  assert.deepEqual([lower.readdir("/"), upper.readdir("/")], [["f0"], ["f0", "f1"]]);
});

test("a stack that is no longer built upon does not count", (t) => {
  const [bottom, one, other] = makeLayers(t, 3) as [string, string, string];
  const trees = new LayersTrees();
  trees.giveBack(trees.take([bottom, one]));
  assert.deepEqual(trees.take([bottom, other]).readdir("/"), ["f0", "f2"]);
});
