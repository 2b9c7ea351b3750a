import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { isNativeLoaded } from "../sys/index.ts";
import { DirectoryTree } from "./index.ts";

test("native code says of each file what Node does, which is not asked any more", (t) => {
  const { root, names } = directory(t);
  const tree = large(root);
  const expected = names.map((name) => tree.lstat(`/${name}`));
  const asked = t.mock.method(fs, "lstatSync");
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.deepEqual(tree.lstatNames("/", names), expected);
  assert.equal(asked.mock.callCount(), 0);
  assert.equal(isNativeLoaded(), true);
  assert.deepEqual(tree.lstatNames("/", ["gone", "file"]), [undefined, expected[names.indexOf("file")]]);
  assert.equal(asked.mock.callCount(), 1);
});

/** A tree that was asked for enough files to look for native code at the next. */
function large(root: string): DirectoryTree {
  const tree = new DirectoryTree(root, () => true);
  tree.lstatNames("/", Array<string>(299).fill("file"));
  return tree;
}

function directory(t: TestContext): { root: string; names: readonly string[] } {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-tree-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(path.join(root, "file"), "x");
  linkSync(path.join(root, "file"), path.join(root, "link"));
  mkdirSync(path.join(root, "directory"));
  symlinkSync("file", path.join(root, "symlink"));
  writeFileSync(Buffer.from(`${root}/\u00ff`, "latin1"), "");
  execFileSync("mkfifo", [path.join(root, "fifo")]);
  return { root, names: new DirectoryTree(root).readdir("/") };
}
