import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { TreeStat } from "./file-tree.ts";
import { readStatIndex, writeStatIndex } from "./stat-index-file.ts";
import { StatIndex } from "./stat-index.ts";

const readAtMs = 2_000_000;

function stat(ino: number): TreeStat {
  const times = { mtimeNs: 1_000_000_001n, ctimeNs: BigInt(ino) * 1_000_000n + 1n };
  const other = { mode: 0o644, uid: 0, gid: 0, dev: 0, nlink: 1, rdev: 0, isBlock: false };
  return { type: "file", sizeBytes: ino * 2 ** 33, ino, ...times, ...other };
}

const digest = (ino: number) => ino.toString(16).padStart(64, "0");

/** An index of files by letter, loaded from the disk. */
function loaded(t: TestContext, letters: string): StatIndex {
  const index = new StatIndex();
  for (const letter of letters) index.add(letter, stat(letter.charCodeAt(0)), digest(1), readAtMs);
  return reload(t, index);
}

function reload(t: TestContext, index: StatIndex): StatIndex {
  const directory = mkdtempSync(path.join(tmpdir(), "slipway-index-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeStatIndex(path.join(directory, "idx"), index);
  return readStatIndex(path.join(directory, "idx"));
}

const find = (index: StatIndex, letter: string) => index.find(letter, stat(letter.charCodeAt(0)));
const keys = (index: StatIndex) => index.toRows().keys.join("");

test("what changed keeps its place, what is new comes last, what cannot be trusted goes", (t) => {
  const index = loaded(t, "abcde");
  index.add("z", stat(200), digest(7), readAtMs);
  index.add("c", stat(201), digest(8), readAtMs);
  index.add("d", stat(202), digest(9), 1001); // as soon as it was written
  const again = reload(t, index);
  assert.equal(keys(again), "abcez");
  assert.equal(again.find("c", stat(201)), digest(8));
  assert.equal(again.find("z", stat(200)), digest(7));
  for (const letter of "abe") assert.equal(find(again, letter), digest(1));
  for (const letter of "cdz") assert.equal(find(again, letter), undefined);
});

test("an index can be told to keep only what was found, and what another one has", (t) => {
  const index = loaded(t, "abcdef");
  for (const letter of "eab") assert.equal(find(index, letter), digest(1));
  assert.equal(index.find("d", stat(1)), undefined);
  const other = new StatIndex();
  other.add("d", stat(300), digest(5), readAtMs);
  other.add("y", stat(301), digest(6), readAtMs);
  index.replaceUnused(other);
  const again = reload(t, index);
  assert.equal(keys(again), "abdey");
  for (const letter of "abe") assert.equal(find(again, letter), digest(1));
  assert.equal(again.find("d", stat(300)), digest(5));
});

test("a large index is the same after any change, however its rows lie", (t) => {
  const key = (ino: number) => `d${ino % 7}/f${ino}`;
  let index = new StatIndex();
  for (let ino = 1; ino <= 5000; ino++) index.add(key(ino), stat(ino), digest(ino), 10_000_000);
  index = reload(t, index);
  for (let ino = 1; ino <= 5000; ino += 2)
    index.add(key(ino), stat(ino + 10_000), digest(ino + 10_000), 100_000_000);
  for (let ino = 5001; ino <= 8000; ino++) index.add(key(ino), stat(ino), digest(ino), 100_000_000);
  index = reload(t, index);
  assert.equal(index.toRows().keys.length, 8000);
  for (let ino = 1; ino <= 8000; ino++) {
    const now = ino <= 5000 && ino % 2 === 1 ? ino + 10_000 : ino;
    assert.equal(index.find(key(ino), stat(now)), digest(now));
  }
});

test("an empty index survives the disk", (t) => {
  assert.equal(keys(reload(t, new StatIndex())), "");
});

test("a state that differs in anything is not known", (t) => {
  const index = loaded(t, "ab");
  const known = stat("a".charCodeAt(0));
  for (const other of [
    { ...known, sizeBytes: known.sizeBytes + 1 },
    { ...known, ino: 9 },
    { ...known, mtimeNs: known.mtimeNs + 1n },
    { ...known, ctimeNs: known.ctimeNs - 1n },
  ])
    assert.equal(index.find("a", other), undefined);
  assert.equal(index.find("a", known), digest(1));
});
