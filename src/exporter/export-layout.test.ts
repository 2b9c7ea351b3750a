import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseIndex } from "../oci/index.ts";
import { exportLayout } from "./index.ts";
import { sha256, storedImage, temporaryDir, temporaryStore } from "./test-images.ts";

const app = "docker.io/library/app:v1";
const other = "docker.io/library/other:v1";

test("a layout directory is made, and names are added to it and moved", async (t) => {
  const store = temporaryStore(t);
  const dest = path.join(temporaryDir(t), "new/layout");
  const one = await storedImage(store, "one", [app]);
  const two = await storedImage(store, "two", [app, other]);
  const names = () =>
    parseIndex(readFileSync(path.join(dest, "index.json"))).manifests.map(({ digest, annotations }) => [
      annotations?.["io.containerd.image.name"],
      digest,
    ]);
  await exportLayout(store, [one], { dest });
  assert.deepEqual(names(), [[app, one.images[0]!.manifest.digest]]);
  await exportLayout(store, [{ ...one, names: [] }], { dest });
  await exportLayout(store, [{ ...one, names: [] }], { dest });
  await exportLayout(store, [two], { dest });
  assert.deepEqual(names(), [
    [undefined, one.images[0]!.manifest.digest],
    [app, two.images[0]!.manifest.digest],
    [other, two.images[0]!.manifest.digest],
  ]);
  const blobs = readdirSync(path.join(dest, "blobs/sha256"));
  assert.equal(blobs.length, 6);
  for (const blob of blobs) assert.equal(sha256(readFileSync(path.join(dest, "blobs/sha256", blob))), blob);
  assert.equal(readFileSync(path.join(dest, "oci-layout"), "utf8"), '{"imageLayoutVersion":"1.0.0"}');
});

test("a directory with other files is refused, one that an export left unfinished is completed", async (t) => {
  const store = temporaryStore(t);
  const dest = temporaryDir(t);
  const named = await storedImage(store, "one", [app]);
  writeFileSync(path.join(dest, "precious"), "");
  await assert.rejects(exportLayout(store, [named], { dest }), {
    code: "INVALID_DEST",
    message: `Cannot write "${dest}": the directory is not empty, and no OCI layout`,
  });
  assert.deepEqual(readdirSync(dest), ["precious"]);
  rmSync(path.join(dest, "precious"));
  await exportLayout(store, [named], { dest });
  rmSync(path.join(dest, "oci-layout"));
  await exportLayout(store, [named], { dest });
  assert.ok(readdirSync(dest).includes("oci-layout"));
});

test("a layout whose index is damaged is refused, and not overwritten", async (t) => {
  const store = temporaryStore(t);
  const dest = temporaryDir(t);
  const named = await storedImage(store, "one", [app]);
  await exportLayout(store, [named], { dest });
  writeFileSync(path.join(dest, "index.json"), "{");
  await assert.rejects(exportLayout(store, [named], { dest }), {
    code: "INVALID_DEST",
    message: `Cannot write "${dest}": its index.json cannot be read`,
  });
  assert.equal(readFileSync(path.join(dest, "index.json"), "utf8"), "{");
});

test("nothing is written through the links of a layout that is there", async (t) => {
  const store = temporaryStore(t);
  const [dest, precious] = [temporaryDir(t), path.join(temporaryDir(t), "precious")];
  writeFileSync(precious, "precious");
  const named = await storedImage(store, "one", [app]);
  await exportLayout(store, [named], { dest });
  const blobs = path.join(dest, "blobs/sha256");
  const names = readdirSync(blobs);
  for (const file of [...names.map((name) => path.join(blobs, name)), path.join(dest, "oci-layout")]) {
    rmSync(file);
    symlinkSync(precious, file);
  }
  await exportLayout(store, [named], { dest });
  assert.equal(readFileSync(precious, "utf8"), "precious");
  for (const name of names) assert.equal(sha256(readFileSync(path.join(blobs, name))), name);
});

test("a pipe in the place of a layout's index is refused at once", async (t) => {
  const store = temporaryStore(t);
  const dest = temporaryDir(t);
  const named = await storedImage(store, "one", [app]);
  await exportLayout(store, [named], { dest });
  rmSync(path.join(dest, "index.json"));
  execFileSync("mkfifo", [path.join(dest, "index.json")]);
  await assert.rejects(exportLayout(store, [named], { dest }), {
    code: "INVALID_DEST",
    message: `Cannot write "${dest}": its index.json cannot be read`,
  });
});

test("a file in the way is refused", async (t) => {
  const store = temporaryStore(t);
  const dest = path.join(temporaryDir(t), "file");
  writeFileSync(dest, "");
  await assert.rejects(exportLayout(store, [await storedImage(store, "one", [])], { dest }), {
    code: "INVALID_DEST",
    message: `Cannot write "${dest}": it is no directory`,
  });
});
