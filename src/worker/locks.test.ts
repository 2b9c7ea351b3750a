import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { Locks } from "./locks.ts";

const [name, other] = ["a".repeat(64), "b".repeat(64)];

test("a lock has one holder until it is freed, and leaves no file", (t) => {
  const directory = newDirectory(t);
  const [one, two] = [new Locks(directory), new Locks(directory)];
  assert.equal(one.tryTake(name), true);
  assert.equal(two.tryTake(name), false);
  assert.equal(one.tryTake(name), false);
  assert.equal(two.tryTake(other), true);
  one.free(name);
  assert.equal(two.tryTake(name), true);
  two.free(name);
  two.free(other);
  two.free(other);
  assert.deepEqual(readdirSync(directory), []);
});

test("what killed processes left is taken, or removed; what is held stays", (t) => {
  const directory = newDirectory(t);
  const locks = new Locks(directory);
  locks.collect();
  assert.equal(existsSync(directory), false);
  assert.equal(locks.tryTake(other), true);
  for (const file of [name, "c".repeat(64), "no lock"]) writeFileSync(path.join(directory, file), "");
  const second = new Locks(directory);
  assert.equal(second.tryTake(name), true);
  locks.collect();
  assert.deepEqual(readdirSync(directory).toSorted(), [name, other, "no lock"]);
  locks.freeAll();
  assert.deepEqual(readdirSync(directory).toSorted(), [name, "no lock"]);
});

test("a name that is none is refused", (t) => {
  const locks = new Locks(newDirectory(t));
  for (const bad of ["", "../x", `../${name}`, name.toUpperCase()]) {
    assert.throws(() => locks.tryTake(bad), /is no lock's name/);
  }
});

function newDirectory(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), "slipway-locks-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return path.join(directory, "locks");
}
