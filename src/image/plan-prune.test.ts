import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../oci/index.ts";
import { planPrune, type PruneOptions, type StoreInventory } from "./index.ts";

const blob = (name: string) => ({ digest: digestOf(name), sizeBytes: 1, usedAtMs: 10 });
const layer = (id: string, usedAtMs: number, blobs: readonly string[] = []) => ({
  id,
  sizeBytes: 100,
  usedAtMs,
  blobs: blobs.map((name) => digestOf(name)),
});
const image = (id: string, isNamed: boolean, layers: readonly string[], blobs: readonly string[] = []) => ({
  id,
  isNamed,
  usedAtMs: 20,
  layers,
  diffIDs: [`diffID of ${id}`],
  blobs: blobs.map((name) => digestOf(name)),
});

const said = (key: string, layerId: string, blobName: string) => ({
  key,
  layer: undefined,
  identity: undefined,
  about: { layer: layerId, blob: digestOf(blobName) },
});

/** A tagged image on a pulled base, an untagged one, results of steps with and without an image, and rubbish. */
const inventory: StoreInventory = {
  images: [
    image("tagged", true, ["top"], ["base blob", "config"]),
    image("untagged", false, ["old top"], ["old base blob"]),
  ],
  cache: [
    { key: "top", layer: "top", identity: "x" },
    { key: "base", layer: "base", identity: "diffID of tagged" },
    { key: "old", layer: "old top", identity: "y", project: "/app", stage: "final" },
    { key: "builder", layer: "builder", identity: "z", project: "/app", stage: "builder" },
    { key: "gone", layer: "nowhere", identity: "g" },
    { key: "other", layer: undefined, identity: undefined },
    said("said of top", "top", "list of top"),
    said("said of builder", "builder", "list of builder"),
  ],
  layers: [
    layer("top", 30, ["top blob"]),
    layer("base", 31),
    layer("old top", 32, ["old top blob"]),
    layer("builder", 40),
    layer("lost", 5),
  ],
  blobs: ["base blob", "config", "old base blob", "top blob", "old top blob", "lost blob"]
    .concat(["list of top", "list of builder"])
    .map(blob),
};

const cases: readonly {
  title: string;
  options: PruneOptions;
  inUseSinceMs?: number;
  removed: { images?: string[]; cache?: string[]; layers?: string[]; blobs?: string[] };
}[] = [
  {
    title: "results of one stage go, and no image",
    options: { cache: "unused", stage: "builder" },
    removed: {
      cache: ["gone", "builder", "said of builder"],
      layers: ["builder", "lost"],
      blobs: ["lost blob", "list of builder"],
    },
  },
  {
    title: "results of another project stay",
    options: { cache: "all", project: "/other" },
    removed: { cache: ["gone"], layers: ["lost"], blobs: ["lost blob"] },
  },
  {
    title: "untagged images go, and what nothing points to",
    options: { cache: "keep" },
    removed: {
      images: ["untagged"],
      cache: ["gone"],
      layers: ["lost"],
      blobs: ["old base blob", "lost blob"],
    },
  },
  {
    title: "results that are no layer of an image go when they are unused",
    options: { cache: "unused" },
    removed: {
      images: ["untagged"],
      cache: ["gone", "old", "builder", "said of builder"],
      layers: ["old top", "builder", "lost"],
      blobs: ["old base blob", "old top blob", "lost blob", "list of builder"],
    },
  },
  {
    title: "what was used last stays when less is to be freed",
    options: { cache: "unused", freeBytes: 50 },
    removed: {
      images: ["untagged"],
      cache: ["gone", "old"],
      layers: ["old top", "lost"],
      blobs: ["old base blob", "old top blob", "lost blob"],
    },
  },
  {
    title: "all results go, but no layer of an image",
    options: { cache: "all" },
    removed: {
      images: ["untagged"],
      cache: ["gone", "top", "base", "old", "builder", "said of builder"],
      layers: ["base", "old top", "builder", "lost"],
      blobs: ["old base blob", "old top blob", "lost blob", "list of builder"],
    },
  },
  {
    title: "what was used lately stays when only older things are to go",
    options: { cache: "unused", usedBeforeMs: 15 },
    removed: { cache: ["gone"], layers: ["lost"], blobs: ["lost blob"] },
  },
  {
    title: "the results used last stay within the bytes to keep",
    options: { cache: "unused", keepBytes: 150 },
    removed: {
      images: ["untagged"],
      cache: ["gone", "old"],
      layers: ["old top", "lost"],
      blobs: ["old base blob", "old top blob", "lost blob"],
    },
  },
  {
    title: "what came into use since the oldest running process started stays",
    options: { cache: "all" },
    inUseSinceMs: 32,
    removed: {
      images: ["untagged"],
      cache: ["gone", "top", "base"],
      layers: ["base", "lost"],
      blobs: ["old base blob", "lost blob"],
    },
  },
  {
    title: "nothing goes while everything is in use",
    options: { cache: "all" },
    inUseSinceMs: 0,
    removed: { cache: ["gone"] },
  },
];
test("a layer that nobody can use goes, with the records that name it, whenever it was used", () => {
  const lost = { ...layer("top", 30), isLost: true };
  const layers = [...inventory.layers.filter(({ id }) => id !== "top"), lost];
  const plan = planPrune({ ...inventory, layers }, 0, { cache: "keep" });
  assert.deepEqual(plan.layers, [lost]);
  assert.deepEqual(plan.cacheKeys, ["top", "gone", "said of top"]);
});

for (const { title, options, inUseSinceMs = Infinity, removed } of cases) {
  test(title, () => {
    const plan = planPrune(inventory, inUseSinceMs, options);
    assert.deepEqual(plan.images, removed.images ?? []);
    assert.deepEqual(plan.cacheKeys, removed.cache ?? []);
    assert.deepEqual(
      plan.layers.map(({ id }) => id),
      removed.layers ?? [],
    );
    assert.deepEqual(
      plan.blobs.map(({ digest }) => digest),
      (removed.blobs ?? []).map((name) => digestOf(name)),
    );
    assert.equal(plan.reclaimedBytes, plan.layers.length * 100 + plan.blobs.length);
  });
}

test("an empty store has nothing to prune", () => {
  const empty = { images: [], cache: [], layers: [], blobs: [] };
  const plan = { images: [], cacheKeys: [], layers: [], blobs: [], reclaimedBytes: 0 };
  assert.deepEqual(planPrune(empty, Infinity, { cache: "all" }), plan);
});
