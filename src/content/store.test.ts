import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openStore, resolveStoreRoot } from "./index.ts";

test("the store's root is --root, SLIPWAY_ROOT, or the user's data directory", () => {
  const env = { HOME: "/home/u", SLIPWAY_ROOT: "/env" };
  assert.equal(resolveStoreRoot({ root: "/flag/x/..", env }), "/flag");
  assert.equal(resolveStoreRoot({ env }), "/env");
  assert.equal(resolveStoreRoot({ env: {}, isRoot: true }), "/var/lib/slipway");
  assert.equal(resolveStoreRoot({ env: { HOME: "/home/u" }, isRoot: false }), "/home/u/.local/share/slipway");
  assert.equal(resolveStoreRoot({ env: { HOME: "/h", XDG_DATA_HOME: "/d" }, isRoot: false }), "/d/slipway");
  assert.equal(
    resolveStoreRoot({ env: { HOME: "/h", XDG_DATA_HOME: "relative" }, isRoot: false }),
    "/h/.local/share/slipway",
  );
});

test("a new store is an empty OCI layout that only its user can enter", (t) => {
  const root = path.join(temporary(t), "deep/store");
  openStore(root);
  assert.equal(statSync(root).mode & 0o777, 0o700);
  assert.equal(readFileSync(path.join(root, "oci-layout"), "utf8"), '{"imageLayoutVersion":"1.0.0"}');
  assert.equal(
    readFileSync(path.join(root, "index.json"), "utf8"),
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
  );
});

test("opening again keeps what is there", (t) => {
  const root = temporary(t);
  const { digest } = openStore(root).content.put("hello");
  writeFileSync(path.join(root, "index.json"), '{"kept":true}');
  assert.equal(openStore(root).content.read(digest, 5).toString(), "hello");
  assert.equal(readFileSync(path.join(root, "index.json"), "utf8"), '{"kept":true}');
});

test("a creation that was cut off is completed", (t) => {
  const root = temporary(t);
  openStore(root);
  writeFileSync(path.join(root, "oci-layout"), "");
  rmSync(path.join(root, "layers"), { recursive: true });
  assert.deepEqual(openStore(root).layers.list(), []);
});

test("a store in use whose layout file a power cut has emptied is opened", (t) => {
  const root = temporary(t);
  const { content, paths } = openStore(root);
  const { digest } = content.put("hello");
  for (const name of Object.values(paths)) if (!existsSync(name)) writeFileSync(name, "{}");
  for (const name of ["synced.json", "compose", "collected", "locks"])
    assert.ok(existsSync(path.join(root, name)));
  writeFileSync(path.join(root, "oci-layout"), "");
  assert.equal(openStore(root).content.read(digest, 5).toString(), "hello");
});

test("a store of another version is refused", (t) => {
  const root = temporary(t);
  openStore(root);
  writeFileSync(path.join(root, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
  assert.throws(() => openStore(root), {
    code: "STORE_UNUSABLE",
    message: `Cannot open the store "${root}": unknown layout version "2.0.0"`,
  });
});

test("a store whose layout file is JSON of something else is refused", (t) => {
  const root = temporary(t);
  openStore(root);
  writeFileSync(path.join(root, "oci-layout"), "null");
  assert.throws(() => openStore(root), {
    code: "STORE_UNUSABLE",
    message: `Cannot open the store "${root}": unknown layout version undefined`,
  });
});

test("a directory with other files is no place for a store, the root of an empty disk is", (t) => {
  const root = temporary(t);
  mkdirSync(path.join(root, "lost+found"));
  openStore(root);
  rmSync(path.join(root, "oci-layout"));
  writeFileSync(path.join(root, "letter.txt"), "");
  assert.throws(() => openStore(root), {
    code: "STORE_UNUSABLE",
    message: `Cannot open the store "${root}": it has other files in it, "letter.txt" for one`,
  });
  assert.equal(existsSync(path.join(root, "oci-layout")), false);
});

test("a store that cannot be created says why and what to do", (t) => {
  const file = path.join(temporary(t), "file");
  writeFileSync(file, "");
  assert.throws(() => openStore(path.join(file, "store")), {
    code: "STORE_UNUSABLE",
    hint: "choose another directory with --root or SLIPWAY_ROOT",
  });
});

function temporary(t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-store-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
