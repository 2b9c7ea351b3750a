import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { writeFileExpendable, writeFilesDurable } from "./index.ts";

test("many files are on the disk before any of them is seen, after one wait for it", (t) => {
  const { dir, tmpDir, files } = rig(t);
  const synced: string[] = [];
  writeFilesDurable(
    files,
    (directory) => {
      synced.push(directory);
      assert.equal(readdirSync(tmpDir).length, files.size, "all bytes are written");
      assert.equal(readFileSync(path.join(dir, "old"), "utf8"), "before", "and nothing is replaced");
    },
    { tmpDir },
  );
  assert.deepEqual(synced, [tmpDir]);
  for (const [file, text] of files) assert.equal(readFileSync(file, "utf8"), text);
  assert.deepEqual(readdirSync(tmpDir), []);
});

test("when the disk fails none of many files is changed, and nothing is left behind", (t) => {
  const { dir, tmpDir, files } = rig(t);
  const fail = () => {
    throw new Error("no disk");
  };
  assert.throws(() => writeFilesDurable(files, fail, { tmpDir }), { message: "no disk" });
  assert.equal(readFileSync(path.join(dir, "old"), "utf8"), "before");
  assert.equal(existsSync(path.join(dir, "new")), false);
  assert.deepEqual(readdirSync(tmpDir), []);
});

test("what may be lost is kept when the new bytes cannot be written", (t) => {
  const { dir, tmpDir } = rig(t);
  const old = path.join(dir, "old");
  function* broken(): Generator<Uint8Array> {
    yield Buffer.from("af");
    throw new Error("no disk");
  }
  assert.throws(() => writeFileExpendable(old, broken(), tmpDir), { message: "no disk" });
  assert.equal(readFileSync(old, "utf8"), "before");
  assert.deepEqual(readdirSync(tmpDir), []);
  writeFileExpendable(old, "after", tmpDir);
  assert.equal(readFileSync(old, "utf8"), "after");
});

function rig(t: TestContext) {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-write-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const old = path.join(dir, "old");
  writeFileSync(old, "before");
  const files = new Map([
    [old, "after"],
    [path.join(dir, "new/file"), "text"],
  ]);
  const tmpDir = mkdtempSync(path.join(dir, "tmp-"));
  return { dir, tmpDir, files };
}
