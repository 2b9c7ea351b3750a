import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { digestSelection } from "./digest-selection.ts";
import { DirectoryTree } from "./directory-tree.ts";
import { selectSources } from "./select.ts";
import { selectionChanges } from "./selection-changes.ts";

const pattern = {
  source: "/src",
  followSymlink: true,
  copyDirContents: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
};

function createTree(t: TestContext): { dir: string; describe: () => string } {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-changes-"));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(path.join(dir, "src/sub"), { recursive: true });
  writeFileSync(path.join(dir, "src/a"), "a", { mode: 0o644 });
  writeFileSync(path.join(dir, "src/sub/ü"), "b", { mode: 0o644 });
  const describe = () => {
    const tree = new DirectoryTree(dir);
    let all = "";
    digestSelection(
      selectSources(tree, pattern),
      ({ stat }) => `bytes ${stat.sizeBytes}`,
      (text) => (all += text),
    );
    return all;
  };
  return { dir, describe };
}

test("equal selections have no changes", (t) => {
  const { describe } = createTree(t);
  assert.deepEqual(selectionChanges(describe(), describe()), []);
});

test("content, mode, new and removed files are told by their path in the context", (t) => {
  const { dir, describe } = createTree(t);
  const before = describe();
  writeFileSync(path.join(dir, "src/sub/ü"), "longer");
  chmodSync(path.join(dir, "src/a"), 0o755);
  writeFileSync(path.join(dir, "src/new"), "");
  assert.deepEqual(selectionChanges(before, describe()), [
    { path: "src/a", what: "mode 0644→0755" },
    { path: "src/new", what: "added" },
    { path: "src/sub/ü", what: "changed" },
  ]);
  rmSync(path.join(dir, "src/sub"), { recursive: true });
  assert.deepEqual(selectionChanges(before, describe()).slice(-2), [
    { path: "src/sub", what: "removed" },
    { path: "src/sub/ü", what: "removed" },
  ]);
});

test("a file that became a directory is told as such", (t) => {
  const { dir, describe } = createTree(t);
  const before = describe();
  rmSync(path.join(dir, "src/a"));
  mkdirSync(path.join(dir, "src/a"));
  assert.deepEqual(selectionChanges(before, describe()), [{ path: "src/a", what: "file→directory" }]);
});

const line = (name: string, digest: string) => `file\x00420\x000\x000\0\0${name}\0\0\0\0${digest}\n`;
const lines = (names: string, digest = "1") =>
  names
    .split("")
    .map((name) => line(name, digest))
    .join("");

test("what begins and ends alike is compared as well as what does not", () => {
  const [one, two] = ["source\0/one\n", "source\0/two\n"];
  const changed: [string, string, string[]][] = [
    [one + lines("abc"), one + lines("abc") + two + lines("x"), ["two/x added"]],
    [
      one + lines("abc"),
      two + lines("abc"),
      ["two/a added", "two/b added", "two/c added", "one/a removed", "one/b removed", "one/c removed"],
    ],
    [one + lines("abc"), one + lines("a") + lines("b", "2") + lines("c"), ["one/b changed"]],
    [one + lines("abc"), one + lines("ac"), ["one/b removed"]],
    [
      one + lines("a") + two + lines("bc"),
      one + lines("abc"),
      ["one/b added", "one/c added", "two/b removed", "two/c removed"],
    ],
    [one + lines("c"), one + lines("abc"), ["one/a added", "one/b added"]],
    ["", one + lines("a"), ["one/a added"]],
    [one + lines("a"), "", ["one/a removed"]],
  ];
  for (const [before, after, expected] of changed) {
    const told = selectionChanges(before, after).map((change) => `${change.path} ${change.what}`);
    assert.deepEqual(told, expected);
  }
});
