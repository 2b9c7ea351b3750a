import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { removeLeftovers } from "./leftovers.ts";

function leftIn(t: TestContext): { root: string; directory: string; outside: string } {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-leftovers-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const directory = path.join(root, "worker-abc");
  mkdirSync(path.join(directory, "layer/fs/d"), { recursive: true });
  const outside = path.join(root, "outside");
  writeFileSync(outside, "kept");
  symlinkSync(outside, path.join(directory, "layer/fs/link"));
  symlinkSync(root, path.join(directory, "layer/fs/d/root"));
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]), "no UTF-8");
  mkdirSync(path.join(directory, "closed/work"), { recursive: true });
  chmodSync(path.join(directory, "closed"), 0o000);
  return { root, directory, outside };
}

test("what a killed worker left is removed, and nothing that its links lead to", (t) => {
  const { root, directory, outside } = leftIn(t);
  removeLeftovers(directory);
  assert.deepEqual(readdirSync(root), ["outside"]);
  assert.ok(existsSync(outside));
});

test("of more files than are soon removed the rest is left, where no worker takes it for its own", (t) => {
  const { root, directory } = leftIn(t);
  for (let index = 0; index < 20; index++) writeFileSync(path.join(directory, `file-${index}`), "");
  removeLeftovers(directory, { most: 10 });
  assert.deepEqual(readdirSync(root).toSorted(), ["outside", "worker-abc-left"]);
  assert.ok(readdirSync(path.join(root, "worker-abc-left")).length > 0);
});

test("nothing there is no error", (t) => {
  const { root } = leftIn(t);
  removeLeftovers(path.join(root, "worker-gone"));
  assert.deepEqual(readdirSync(root).toSorted(), ["outside", "worker-abc"]);
});
