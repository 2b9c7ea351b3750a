import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { type TestContext, test } from "node:test";
import { makeNode, setXattr } from "../sys/index.ts";
import { compareLayers } from "./compare-layers.ts";
import { scratchDirectory, trusted } from "./test-archives.ts";

const needsRoot =
  process.getuid?.() === 0 ? {} : { skip: "owners, devices and trusted attributes need root" };

/** Two equal layers, of which the second is then changed. */
function compareAfter(t: TestContext, change: (layer: string) => void) {
  const [first, second] = [scratchDirectory(t), scratchDirectory(t)];
  for (const layer of [first, second]) {
    mkdirSync(`${layer}/d`);
    writeFileSync(`${layer}/d/-file`, "x".repeat(300_000));
    writeFileSync(`${layer}/d-e`, "");
    symlinkSync("d", `${layer}/link`);
  }
  change(second);
  return compareLayers(first, second, { opaqueXattr: trusted });
}

const changes: readonly [string, (layer: string) => void, string, string][] = [
  ["a byte", (layer) => writeFileSync(`${layer}/d/-file`, `${"x".repeat(299_999)}y`), "/d/-file", "content"],
  ["a size", (layer) => writeFileSync(`${layer}/d/-file`, "x"), "/d/-file", "size 300000→1"],
  ["a mode", (layer) => chmodSync(`${layer}/d`, 0o4755), "/d", "mode 0755→4755"],
  ["a new file", (layer) => writeFileSync(`${layer}/d/0`, ""), "/d/0", "only in the new layer"],
  ["a missing file", (layer) => rmSync(`${layer}/d-e`), "/d-e", "only in the recorded layer"],
  ["a missing last file", (layer) => rmSync(`${layer}/link`), "/link", "only in the recorded layer"],
  [
    "a missing directory",
    (layer) => rmSync(`${layer}/d`, { recursive: true }),
    "/d",
    "only in the recorded layer",
  ],
  [
    "a link target",
    (layer) => {
      rmSync(`${layer}/link`);
      symlinkSync("e", `${layer}/link`);
    },
    "/link",
    "link target",
  ],
  [
    "a type",
    (layer) => {
      rmSync(`${layer}/d-e`);
      mkdirSync(`${layer}/d-e`);
    },
    "/d-e",
    "file→directory",
  ],
  [
    "a hard link",
    (layer) => {
      rmSync(`${layer}/d-e`);
      linkSync(`${layer}/d/-file`, `${layer}/d-e`);
    },
    "/d-e",
    "file→hardlink",
  ],
];

for (const [name, change, path, what] of changes) {
  test(`layers that differ by ${name} are told apart`, (t) => {
    assert.deepEqual(compareAfter(t, change), { path, what });
  });
}

test("times and the root itself do not count", (t) => {
  const difference = compareAfter(t, (layer) => {
    utimesSync(`${layer}/d/-file`, 1, 1);
    utimesSync(`${layer}/d`, 1, 1);
    chmodSync(layer, 0o700);
  });
  assert.equal(difference, undefined);
});

const rootChanges: readonly [string, (layer: string) => void, string, string][] = [
  ["an owner", (layer) => chownSync(`${layer}/d-e`, 5, 6), "/d-e", "owner 0:0→5:6"],
  [
    "a whiteout in the place of a file",
    (layer) => {
      rmSync(`${layer}/d-e`);
      whiteout(`${layer}/d-e`);
    },
    "/d-e",
    "deleted only in the new layer",
  ],
  ["a new whiteout", (layer) => whiteout(`${layer}/a`), "/a", "deleted only in the new layer"],
  [
    "an opaque directory",
    (layer) => setXattr(`${layer}/d`, trusted, Buffer.from("y")),
    "/d",
    "opaque only in the new layer",
  ],
  [
    "an attribute",
    (layer) => setXattr(`${layer}/d-e`, "user.a", Buffer.from("1")),
    "/d-e",
    "attribute user.a",
  ],
];

for (const [name, change, path, what] of rootChanges) {
  test(`layers that differ by ${name} are told apart`, needsRoot, (t) => {
    assert.deepEqual(compareAfter(t, change), { path, what });
  });
}

function whiteout(path: string): void {
  makeNode(path, { type: "character", mode: 0, rdev: 0 });
}
