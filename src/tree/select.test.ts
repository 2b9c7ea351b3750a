import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { caseFiles } from "./ignore-cases.ts";
import {
  DirectoryTree,
  digestSelection,
  resolveInTree,
  type SourcePattern,
  selectSources,
  toText,
} from "./index.ts";

/** What `COPY <pattern> /o/` puts into `/o`, as BuildKit (docker 28.5) does it; names below are left out. */
const wildcards: readonly (readonly [string, readonly string[]])[] = [
  ["a*", ["a.txt", "ab.txt", "b", "d", "f.go"]],
  ["a?.txt", ["ab.txt"]],
  ["?.txt", ["a.txt"]],
  ["[ab]*.txt", ["a.txt", "ab.txt"]],
  ["[^a]*.txt", ["sp ace.txt", "x[1].txt", "ünï.txt"]],
  ["*.md", ["README.md"]],
  ["*/*.md", ["README.md"]],
  ["*/*/*.md", ["README.md"]],
  ["docs/*", ["README.md", "y"]],
  ["d*/x", ["README.md", "y"]],
  ["d*/x/y/*", ["z.md", "z.txt"]],
  ["*/b", ["c", "f.go"]],
  ["*/b/c/*", ["f.go", "g.txt"]],
  ["a/*/f.go", ["f.go"]],
  ["**/f.go", ["f.go"]],
  ["a/**", ["c", "f.go", "h.txt"]],
  ["nothing*", []],
  ["ünï.txt", ["ünï.txt"]],
  ["ün?.txt", ["ünï.txt"]],
  ["?nï*", ["ünï.txt"]],
  [".env", [".env"]],
  [".*", [".env", ".hidden", "config", "objects"]],
  ["src/*.js", ["main.js"]],
  ["src/l*/*", ["util.js", "util.test.js"]],
  ["sp*", ["sp ace.txt"]],
  ["x[[]1].txt", ["x[1].txt"]],
  ["*[[]*", ["x[1].txt"]],
  ["docs/x/..", ["README.md", "x"]],
  ["a/./b", ["c", "f.go"]],
  ["./a//b/", ["c", "f.go"]],
  ["/a/b", ["c", "f.go"]],
  ["../a/b", ["c", "f.go"]],
  ["../../../a/b", ["c", "f.go"]],
  ["node_modules/[p-q]/*", ["index.js", "x.js"]],
  ["empty", []],
  ["e*", []],
  ["^hat", ["^hat"]],
  ["[[:alpha:]].txt", []],
  ["*t", ["^hat", "a.txt", "ab.txt", "config", "objects", "sp ace.txt", "x[1].txt", "ünï.txt"]],
];

test("wildcards name what they name for BuildKit", (t) => {
  const tree = caseTree(t);
  for (const [source, expected] of wildcards) {
    const found = select(tree, source).flatMap(({ match, isContentsOnly, entries }) =>
      isContentsOnly
        ? entries.map(({ name }) => toText(name)).filter((name) => !name.includes("/"))
        : [toText(path.basename(match))],
    );
    assert.deepEqual([...new Set(found)].sort(), expected, source);
  }
});

for (const source of ["[a-", "a[", "docs/[]", "[]a]", "[^]", "[-x]", "[x-]", "*\\"]) {
  test(`${source} is no pattern`, (t) => {
    assert.throws(() => select(caseTree(t), source), {
      code: "BAD_PATTERN",
      message: `Cannot read pattern "/${source}": syntax error in pattern`,
    });
  });
}

test("a backslash takes a character literally, in patterns that have wildcards elsewhere", (t) => {
  const tree = makeTree(t, { "a*b": "", axb: "" });
  assert.deepEqual(
    select(tree, "?\\*b").map(({ match }) => match),
    ["/a*b"],
  );
});

for (const source of ["/nope", "/a.txt/below", "/docs/nope/x", "/dangling", "/nope\u00fc"]) {
  test(`${source} is not found`, (t) => {
    const tree = makeTree(t, { "a.txt": "", "docs/x": "", dangling: "-> nowhere" });
    assert.throws(() => select(tree, source), { code: "NOT_FOUND", message: `"${source}": not found` });
  });
}

test("the directory in front of a wildcard must be there", (t) => {
  const tree = makeTree(t, { f: "" });
  assert.throws(() => select(tree, "/d/*"), { code: "NOT_FOUND", message: '"/d": not found' });
  assert.deepEqual(select(tree, "/f/*"), []);
});

test("a wildcard that must match something is not found when it does not", (t) => {
  const tree = makeTree(t, {});
  assert.throws(() => select(tree, "/x*", { allowEmptyWildcard: false }), { message: '"/x*": not found' });
});

test("a link that is named is followed, links inside are not", (t) => {
  const tree = makeTree(t, {
    "d/f": "1",
    "d/l": "-> f",
    "d/out": "-> ../../..",
    named: "-> d",
    file: "-> d/f",
  });
  assert.deepEqual(names(select(tree, "/named")), ["f", "l", "out"]);
  assert.equal(select(tree, "/named")[0]!.entries[1]!.linkTarget, "f");
  assert.equal(select(tree, "/file")[0]!.stat.type, "file");
  assert.equal(select(tree, "/file", { followSymlink: false })[0]!.stat.type, "symlink");
  assert.deepEqual(
    select(tree, "/fil*").map(({ match, stat }) => [match, stat.type]),
    [["/file", "file"]],
  );
});

test("links on the way are followed inside the root", (t) => {
  const tree = makeTree(t, {
    "d/e/f": "",
    up: "-> ../../../../d",
    absolute: "-> /d/e",
    chain: "-> up/e",
    "d/back": "-> ../absolute/..",
    self: "-> self",
  });
  const resolved = (file: string) => resolveInTree(tree, file);
  assert.equal(resolved("/up/e/f"), "/d/e/f");
  assert.equal(resolved("/absolute/f"), "/d/e/f");
  assert.equal(resolved("/chain/f"), "/d/e/f");
  assert.equal(resolved("/d/back/e/f"), "/d/e/f");
  assert.equal(resolved("/absolute/../../../../missing/x"), "/missing/x");
  assert.equal(resolveInTree(tree, "/up/../up", { followLast: false }), "/up");
  assert.throws(() => resolved("/self/x"), {
    code: "LINK_LOOP",
    message: 'Cannot resolve "/self/x": too many symbolic links',
  });
});

test("--exclude is relative to what is copied, and leaves alone what is named", (t) => {
  const tree = makeTree(t, { "p/t.txt": "", "p/q/t.txt": "", "p/q/z": "", "p/w/t.txt": "" });
  const excluding = (source: string, ...excludePatterns: string[]) =>
    names(select(tree, source, { excludePatterns }));
  assert.deepEqual(excluding("/p", "*.txt"), ["q", "q/t.txt", "q/z", "w", "w/t.txt"]);
  assert.deepEqual(excluding("/p", "**/*.txt"), ["q", "q/z", "w"]);
  assert.deepEqual(excluding("/p/t.txt", "t.txt"), [""]);
  assert.deepEqual(excluding("/p", "q", "!q/z"), ["q", "q/z", "t.txt", "w", "w/t.txt"]);
  assert.deepEqual(excluding("/p", "*", "!**/z"), ["q", "q/z"]);
});

test("a hard link is one of the same source only", (t) => {
  const root = makeRoot(t, { "a/f": "1", "b/x": "" });
  linkSync(`${root}/a/f`, `${root}/a/g`);
  linkSync(`${root}/a/f`, `${root}/b/h`);
  const [source] = select(new DirectoryTree(root), "/a");
  assert.deepEqual(
    source!.entries.map(({ name, hardLinkTo }) => [name, hardLinkTo]),
    [
      ["f", undefined],
      ["g", "f"],
    ],
  );
  assert.equal(select(new DirectoryTree(root), "/b/h")[0]!.entries[0]!.hardLinkTo, undefined);
});

const changes: [string, Record<string, string | null>, boolean][] = [
  ["nothing", { "d/f": "1", "d/l": "-> f", "d/s": null }, true],
  ["a file's bytes", { "d/f": "2", "d/l": "-> f", "d/s": null }, false],
  ["a file's name", { "d/g": "1", "d/l": "-> f", "d/s": null }, false],
  ["a link's target", { "d/f": "1", "d/l": "-> g", "d/s": null }, false],
  ["a link into a file", { "d/f": "1", "d/l": "f", "d/s": null }, false],
  ["a directory into a file", { "d/f": "1", "d/l": "-> f", "d/s": "" }, false],
  ["a new empty directory", { "d/f": "1", "d/l": "-> f", "d/s": null, "d/t": null }, false],
];
for (const [title, files, isSame] of changes) {
  test(`a digest ${isSame ? "is the same after" : "tells"} ${title}`, (t) => {
    const before = digest(makeTree(t, { "d/f": "1", "d/l": "-> f", "d/s": null }), "/d");
    assert.equal(digest(makeTree(t, files), "/d") === before, isSame);
  });
}

test("a digest knows a directory's contents from the directory, and a file by its name", (t) => {
  const tree = makeTree(t, { "d/f": "1", "e/f": "1", "e2/g": "1" });
  assert.equal(digest(tree, "/d"), digest(tree, "/e"));
  assert.notEqual(
    digest(tree, "/d", { copyDirContents: false }),
    digest(tree, "/e", { copyDirContents: false }),
  );
  assert.equal(digest(tree, "/d/f"), digest(tree, "/e/f"));
  assert.notEqual(digest(tree, "/d/f"), digest(tree, "/e2/g"));
});

function digest(tree: DirectoryTree, source: string, more: Partial<SourcePattern> = {}): string {
  // the digest of a file is opaque here: its text will do
  return digestSelection(select(tree, source, more), (entry) =>
    readFileSync(tree.hostPath(entry.path), "utf8"),
  );
}

function select(tree: DirectoryTree, source: string, more: Partial<SourcePattern> = {}) {
  return selectSources(tree, {
    source,
    followSymlink: true,
    copyDirContents: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    ...more,
  });
}

function names(sources: ReturnType<typeof select>): string[] {
  return sources.flatMap(({ entries }) => entries.map(({ name }) => toText(name)));
}

function caseTree(t: TestContext): DirectoryTree {
  return makeTree(t, { ...Object.fromEntries(caseFiles.map((file) => [file, ""])), empty: null });
}

function makeTree(t: TestContext, files: Record<string, string | null>): DirectoryTree {
  return new DirectoryTree(makeRoot(t, files));
}

/** `name: text` is a file, `name: null` a directory, `name: "-> target"` a link. */
function makeRoot(t: TestContext, files: Record<string, string | null>): string {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-select-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (text === null) mkdirSync(file, { recursive: true });
    else if (text.startsWith("-> ")) symlinkSync(text.slice(3), file);
    else writeFileSync(file, text);
  }
  return root;
}
