import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { dropUnnamedBlobs, exportLayout } from "./index.ts";
import { storedImage, temporaryDir, temporaryStore } from "./test-images.ts";

const app = "docker.io/library/app:v1";
const youngMs = 60_000;

test("blobs that no manifest names any more go, those of other names stay", async (t) => {
  const { store, dest, blobs } = await layoutWithOld(t);
  const kept = await storedImage(store, "kept", ["docker.io/library/kept:v1"]);
  await exportLayout(store, [kept], { dest });
  age(dest);
  assert.equal(blobs().length, 9, "of three images, two of which have a name");
  const freed = dropUnnamedBlobs(dest, { youngMs });
  assert.ok(freed > 0);
  assert.equal(blobs().length, 6);
  assert.equal(dropUnnamedBlobs(dest, { youngMs }), 0);
  for (const { images } of [kept])
    assert.ok(blobs().includes(images[0]!.manifest.digest.slice("sha256:".length)));
});

test("what an index of an index names stays", async (t) => {
  const { dest, blobs, old } = await layoutWithOld(t);
  const nested = path.join(dest, "blobs/sha256");
  const index = JSON.stringify({ schemaVersion: 2, manifests: [old.images[0]!.manifest] });
  const { digestOf } = await import("../oci/index.ts");
  const digest = digestOf(Buffer.from(index));
  writeFileSync(path.join(nested, digest.slice("sha256:".length)), index);
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const outer = { schemaVersion: 2, manifests: [{ mediaType, digest, size: index.length }] };
  writeFileSync(path.join(dest, "index.json"), JSON.stringify(outer));
  age(dest);
  dropUnnamedBlobs(dest, { youngMs });
  assert.equal(blobs().length, 4);
});

test("what another export may have written just now stays, also what it took over", async (t) => {
  const { store, dest, blobs, old } = await layoutWithOld(t);
  assert.equal(dropUnnamedBlobs(dest, { youngMs }), 0);
  age(dest);
  await exportLayout(store, [{ ...old, names: [] }], { dest }); // its blobs are there already
  writeFileSync(path.join(dest, "index.json"), '{"schemaVersion":2,"manifests":[]}');
  assert.ok(dropUnnamedBlobs(dest, { youngMs }) > 0);
  assert.equal(blobs().length, 3);
});

test("nothing goes when a manifest is missing or damaged", async (t) => {
  for (const damage of [undefined, "{}", "{", "pipe"]) {
    const { dest, blobs, current } = await layoutWithOld(t);
    const manifest = current.images[0]!.manifest.digest.slice("sha256:".length);
    const file = path.join(dest, "blobs/sha256", manifest);
    if (damage === undefined) renameSync(file, `${file}x`);
    else if (damage !== "pipe") writeFileSync(file, damage);
    else {
      rmSync(file);
      execFileSync("mkfifo", [file]);
    }
    age(dest);
    const before = blobs();
    assert.equal(dropUnnamedBlobs(dest, { youngMs }), 0);
    assert.deepEqual(blobs(), before);
  }
});

test("no link is followed, and nothing is removed that has no blob's name", async (t) => {
  const { dest } = await layoutWithOld(t);
  const directory = path.join(dest, "blobs/sha256");
  const outside = temporaryDir(t);
  writeFileSync(path.join(outside, "precious"), "");
  symlinkSync(outside, path.join(directory, "a".repeat(64)));
  mkdirSync(path.join(directory, "b".repeat(64)));
  writeFileSync(path.join(directory, "notes"), "");
  age(dest);
  dropUnnamedBlobs(dest, { youngMs });
  assert.ok(existsSync(path.join(outside, "precious")));
  for (const name of ["a".repeat(64), "b".repeat(64), "notes"])
    assert.ok(readdirSync(directory).includes(name));

  const elsewhere = path.join(outside, "sha256");
  renameSync(directory, elsewhere);
  symlinkSync(elsewhere, directory);
  writeFileSync(path.join(dest, "index.json"), '{"schemaVersion":2,"manifests":[]}');
  const before = readdirSync(elsewhere);
  assert.equal(dropUnnamedBlobs(dest, { youngMs }), 0);
  assert.deepEqual(readdirSync(elsewhere), before);
});

/** A layout whose one name was given to another image. */
async function layoutWithOld(t: TestContext) {
  const store = temporaryStore(t);
  const dest = temporaryDir(t);
  const old = await storedImage(store, "old", [app]);
  const current = await storedImage(store, "current", [app]);
  for (const image of [old, current]) await exportLayout(store, [image], { dest });
  return { store, dest, old, current, blobs: () => readdirSync(path.join(dest, "blobs/sha256")) };
}

/** As if it had been written long ago. */
function age(dest: string): void {
  const directory = path.join(dest, "blobs/sha256");
  for (const name of readdirSync(directory)) utimesSync(path.join(directory, name), 1, 1);
}
