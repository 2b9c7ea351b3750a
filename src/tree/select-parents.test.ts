import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { DirectoryTree, selectSources } from "./index.ts";

function tree(t: TestContext): DirectoryTree {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-select-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const name of ["a/x.txt", "a/b/y.txt", "c/z.md"]) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), name);
  }
  return new DirectoryTree(root);
}

const pattern = (source: string) => ({
  source,
  parents: true,
  followSymlink: true,
  copyDirContents: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
});

test("--parents selects from the pivot on, wildcards included", (t) => {
  const select = (source: string) =>
    selectSources(tree(t), pattern(source)).flatMap(({ entries }) =>
      [...entries].filter(({ stat }) => stat.type === "file").map(({ path: selected }) => selected),
    );
  assert.deepEqual(select("/./a/x.txt"), ["/a/x.txt"]);
  assert.deepEqual(select("/a/./b"), ["/a/b/y.txt"]);
  assert.deepEqual(select("/./**/*.txt"), ["/a/b/y.txt", "/a/x.txt"]);
  assert.deepEqual(select("/./**/*.none"), []);
});

test("--parents takes the contents of every directory that a wildcard before the pivot names", (t) => {
  const root = tree(t);
  const select = (source: string) =>
    selectSources(root, pattern(source)).map(({ match, entries }) => [
      match,
      entries.filter(({ stat }) => stat.type === "file").map(({ path: selected }) => selected),
    ]);
  assert.deepEqual(select("/*/./*.*"), [
    ["/a", ["/a/x.txt"]],
    ["/c", ["/c/z.md"]],
  ]);
  assert.deepEqual(select("/none*/./x"), []);
});

test("--parents reports a path that is not there", (t) => {
  for (const [source, missing] of [
    ["/./nope.txt", "/nope.txt"],
    ["/a/./nope/y.txt", "/a/nope/y.txt"],
    ["/nope/./x", "/nope"],
  ]) {
    assert.throws(() => selectSources(tree(t), pattern(source!)), {
      code: "NOT_FOUND",
      message: `"${missing}": not found`,
    });
  }
});
