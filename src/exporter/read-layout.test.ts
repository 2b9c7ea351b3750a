import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Digest } from "../oci/index.ts";
import { exportLayout, readLayout } from "./index.ts";
import { storedImage, temporaryDir, temporaryStore } from "./test-images.ts";

const platform = { os: "linux", architecture: "amd64" };

/** A layout with the images app:v1 and, unless `single`, app:v2. */
async function layoutDirectory(t: TestContext, { single = false } = {}) {
  const store = temporaryStore(t);
  const directory = path.join(temporaryDir(t), "layout");
  const one = await storedImage(store, "one", ["docker.io/library/app:v1"]);
  const two = await storedImage(store, "two", ["docker.io/library/app:v2"]);
  await exportLayout(store, single ? [one] : [one, two], { dest: directory });
  const blob = (digest: Digest) => path.join(directory, "blobs/sha256", digest.slice("sha256:".length));
  return { directory, one: one.images[0]!, two: two.images[0]!, blob };
}

test("an image is found by its tag, or by its digest, which counts more; its blobs are stored", async (t) => {
  const { directory, one, two } = await layoutDirectory(t);
  const store = temporaryStore(t);
  const tagged = await readLayout(store, { directory, tag: "v2" }, { platform });
  assert.equal(tagged.origin?.digest, two.manifest.digest);
  assert.equal(store.content.has(two.layers[0]!.blob.digest), true);
  assert.equal(store.content.has(one.layers[0]!.blob.digest), false);
  const pinned = await readLayout(store, { directory, tag: "v2", digest: one.manifest.digest }, { platform });
  assert.deepEqual(pinned.origin?.config.digest, one.configDigest);
  assert.deepEqual(pinned.config.config.Cmd, ["cat", "/file"]);
});

test("a single image is found whatever its tag; of several none is guessed", async (t) => {
  const single = await layoutDirectory(t, { single: true });
  const store = temporaryStore(t);
  const record = await readLayout(store, { directory: single.directory, tag: "latest" }, { platform });
  assert.equal(record.origin?.digest, single.one.manifest.digest);
  const { directory } = await layoutDirectory(t);
  await assert.rejects(readLayout(store, { directory, tag: "latest" }), {
    code: "INVALID_ARCHIVE",
    message: `Cannot use OCI layout "${directory}": it has no image with tag "latest"`,
  });
});

test("a blob with other bytes is refused, and nothing of it is kept", async (t) => {
  const { directory, one, blob } = await layoutDirectory(t);
  const store = temporaryStore(t);
  const layer = one.layers[0]!.blob;
  writeFileSync(blob(layer.digest), Buffer.alloc(layer.size));
  await assert.rejects(readLayout(store, { directory, tag: "v1" }, { platform }), {
    code: "DIGEST_MISMATCH",
  });
  assert.equal(store.content.has(layer.digest), false);
  writeFileSync(blob(layer.digest), Buffer.alloc(layer.size + 1));
  await assert.rejects(readLayout(store, { directory, tag: "v1" }, { platform }), { code: "SIZE_EXCEEDED" });
  writeFileSync(blob(one.manifest.digest), "{}");
  await assert.rejects(readLayout(store, { directory, tag: "v1" }, { platform }), {
    message: `Cannot use OCI layout "${directory}": blob ${one.manifest.digest} has other bytes`,
  });
});

test("a pipe, a directory or a huge file in the place of a document is refused at once", async (t) => {
  const { directory, one, blob } = await layoutDirectory(t);
  const store = temporaryStore(t);
  const refused = async (reason: string) =>
    await assert.rejects(readLayout(store, { directory, tag: "v1" }), {
      message: `Cannot use OCI layout "${directory}": ${reason}`,
    });
  const manifest = blob(one.manifest.digest);
  const name = path.relative(directory, manifest);
  rmSync(manifest);
  await refused(`it has no file "${name}"`);
  execFileSync("mkfifo", [manifest]);
  await refused(`"${name}" is no file`);
  rmSync(manifest);
  mkdirSync(manifest);
  await refused(`"${name}" is no file`);
  rmSync(path.join(directory, "index.json"));
  symlinkSync("/dev/zero", path.join(directory, "index.json"));
  await refused('"index.json" is no file');
  rmSync(path.join(directory, "index.json"));
  writeFileSync(path.join(directory, "index.json"), "");
  truncateSync(path.join(directory, "index.json"), 1 << 30);
  await refused('"index.json" has more than 16777216 bytes');
  rmSync(path.join(directory, "index.json"));
  symlinkSync("/proc/self/pagemap", path.join(directory, "index.json")); // says that it is empty, and has no end
  await refused('"index.json" has more than 16777216 bytes');
  assert.deepEqual(readdirSync(store.paths.tmp), []);
});
