import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { caseFiles, ignoreCases } from "./ignore-cases.ts";
import {
  DirectoryTree,
  excludedTree,
  type FileTree,
  PatternMatcher,
  parseIgnoreFile,
  selectSources,
  type TreePath,
  toText,
} from "./index.ts";

const root = mkdtempSync(path.join(tmpdir(), "slipway-ignore-"));
after(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(path.join(root, "empty"));
for (const file of caseFiles) {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), "");
}
const everything = list(new DirectoryTree(root));

for (const [patterns, outcome, paths] of ignoreCases) {
  test(`${JSON.stringify(patterns)} ${outcome} ${JSON.stringify(paths)}`, () => {
    const view = () => excludedTree(new DirectoryTree(root), parseIgnoreFile(patterns.join("\n")));
    if (typeof paths === "string") assert.throws(view, { code: "BAD_PATTERN", message: paths });
    else
      assert.deepEqual(list(view()), everything.filter(outcome === "shows" ? within(paths) : without(paths)));
  });
}

test("a path asked for directly is hidden as it is in its directory", () => {
  for (const [patterns, , paths] of ignoreCases) {
    if (typeof paths === "string") continue;
    const view = excludedTree(new DirectoryTree(root), parseIgnoreFile(patterns.join("\n")));
    const shown = new Set(list(view));
    for (const name of everything) {
      const found = view.lstat(`/${Buffer.from(name).toString("latin1")}`) !== undefined;
      assert.equal(found, shown.has(name), `${JSON.stringify(patterns)} ${name}`);
    }
  }
});

test("paths match as they do while walking when nothing is known of their parents", () => {
  for (const [patterns, outcome, paths] of ignoreCases) {
    if (typeof paths === "string" || outcome !== "hides") continue;
    const matcher = new PatternMatcher(parseIgnoreFile(patterns.join("\n")));
    for (const file of caseFiles)
      assert.equal(matcher.matches(file), !without(paths)(file), `${JSON.stringify(patterns)} ${file}`);
  }
});

test("a directory that no exception can reach is not opened", () => {
  const opened: TreePath[] = [];
  const spy = new DirectoryTree(root);
  const tree: FileTree = {
    lstat: (file) => spy.lstat(file),
    lstatNames: (directory, names) => spy.lstatNames(directory, names),
    readdir: (file) => {
      opened.push(file);
      return spy.readdir(file);
    },
    readlink: (file) => spy.readlink(file),
    hostPath: (file) => spy.hostPath(file),
    xattrs: () => [],
  };
  list(excludedTree(tree, ["node_modules", ".git", "docs", "src", "a", "!docs/*/README.md", "!src/test"]));
  assert.deepEqual([...new Set(opened)].sort(), ["/", "/docs", "/docs/x", "/empty", "/src", "/src/test"]);
});

test("an ignore file is lines of cleaned patterns", () => {
  const text = "\uFEFF# no pattern\r\na/./b//c/\r\n\r\n  /x  \n! /y/../z \n#\n #d\n!\n/\n.\n../e\n";
  assert.deepEqual(parseIgnoreFile(text), ["a/b/c", "x", "!z", "#d", "!", "/", ".", "../e"]);
});

function list(tree: FileTree): string[] {
  return selectSources(tree, {
    source: "/",
    followSymlink: true,
    copyDirContents: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
  })
    .flatMap(({ entries }) => entries.map(({ name }) => toText(name)))
    .sort();
}

function without(hidden: readonly string[]): (name: string) => boolean {
  return (name) => !hidden.some((top) => name === top || name.startsWith(`${top}/`));
}

function within(shown: readonly string[]): (name: string) => boolean {
  return (name) =>
    shown.some((top) => name === top || name.startsWith(`${top}/`) || top.startsWith(`${name}/`));
}
