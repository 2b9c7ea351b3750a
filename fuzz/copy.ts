import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DirectoryTree, selectSources, TreeError, toTreePath } from "../src/tree/index.ts";
import type { FuzzTarget } from "./target.ts";

const root = makeContext();
const parts = [
  "a",
  "b",
  "..",
  ".",
  "",
  "out",
  "up",
  "loop",
  "abs",
  "d",
  "*",
  "?",
  "[a-d]",
  "**",
  "\\*",
  "é",
  "d/./a",
];

/** Random sources of COPY in a context full of links that lead out of it: nothing outside may be selected. */
export const copyTarget: FuzzTarget = {
  generate: (random) =>
    JSON.stringify({
      source: `/${random.list(6, () => random.pick(parts)).join("/")}`,
      followSymlink: !random.isOneIn(3),
      copyDirContents: !random.isOneIn(3),
      allowWildcard: !random.isOneIn(3),
      allowEmptyWildcard: true,
      parents: random.isOneIn(3),
      excludePatterns: random.list(2, () => random.pick(parts)),
    }),
  attempt: (input) => {
    const tree = new DirectoryTree(root);
    try {
      for (const { entries } of selectSources(tree, JSON.parse(String(input)))) {
        for (const entry of entries) assertInside(tree.hostPath(entry.path).toString("latin1"), entry.name);
      }
    } catch (error) {
      if (!(error instanceof TreeError)) throw error;
    }
  },
};

/** The entry's directory really lies in the context, whatever links there are on the way. */
function assertInside(hostPath: string, name: string): void {
  const directory = realpathSync(Buffer.from(path.dirname(`${hostPath}x`), "latin1"));
  assert.ok(`${directory}/`.startsWith(`${root}/`), `"${name}" lies in ${directory}`);
  assert.ok(!name.split("/").includes(".."), `the name "${name}"`);
}

function makeContext(): string {
  const outside = realpathSync(mkdtempSync(path.join(tmpdir(), "slipway-fuzz-context-")));
  process.on("exit", () => rmSync(outside, { recursive: true, force: true }));
  const context = path.join(outside, "context");
  mkdirSync(path.join(context, "d/d/b"), { recursive: true });
  writeFileSync(path.join(outside, "victim"), "outside");
  for (const name of ["a", "b", "d/a", "d/d/a", "é"]) writeFileSync(path.join(context, name), name);
  const links = {
    out: "../victim",
    up: "..",
    "d/up": "../..",
    loop: "loop",
    abs: outside,
    "d/abs": "/d",
    "d/out": "../../victim",
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(context, name));
  assert.ok(new DirectoryTree(context).lstat(toTreePath("/a")));
  return context;
}
