import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openStore, type Store } from "./index.ts";
import { currentOwner, formatOwner, type Owner, ownerStartMs, ownerState, parseOwner } from "./owner.ts";

const self = currentOwner();
const others: { name: string; owner: Owner; state: string }[] = [
  { name: "this process", owner: self, state: "alive" },
  { name: "a process of an earlier boot", owner: { ...self, boot: "000000000000" }, state: "dead" },
  { name: "a pid that was used again", owner: { ...self, startTicks: self.startTicks - 1 }, state: "dead" },
  { name: "a pid that nobody has", owner: { ...self, pid: 2 ** 22 + 1 }, state: "dead" },
  { name: "a process of another pid namespace", owner: { ...self, pidNamespace: "1" }, state: "unknown" },
];
for (const { name, owner, state } of others) {
  test(`${name} is ${state}`, () => {
    assert.deepEqual(parseOwner(formatOwner(owner)), owner);
    assert.equal(ownerState(owner, self), state);
  });
}

test("a process's start is told in milliseconds", () => {
  const expected = Date.now() - process.uptime() * 1000;
  assert.ok(Math.abs(ownerStartMs(self) - expected) < 2000);
});

test("only directories of dead processes are stale, unseen ones after a day", (t) => {
  const store = temporaryStore(t);
  const dirs = {
    dead: formatOwner({ ...self, startTicks: 0 }),
    unseenNew: formatOwner({ ...self, pidNamespace: "1", pid: 5 }),
    unseenOld: formatOwner({ ...self, pidNamespace: "1", pid: 6 }),
    unknownOld: "something",
  };
  for (const dir of Object.values(dirs)) mkdirSync(path.join(store.paths.tmp, dir));
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  for (const old of [dirs.unseenOld, dirs.unknownOld])
    utimesSync(path.join(store.paths.tmp, old), twoDaysAgo, twoDaysAgo);
  store.temp.dir();
  const stale = store.temp.listStale().map((dir) => path.basename(dir));
  assert.deepEqual(stale.sort(), [dirs.dead, dirs.unseenOld, dirs.unknownOld].sort());
});

test("what a dead process left is claimed once", (t) => {
  const store = temporaryStore(t);
  const dead = path.join(store.paths.tmp, formatOwner({ ...self, startTicks: 0 }));
  mkdirSync(dead);
  writeFileSync(path.join(dead, "half"), "");
  const claimed = store.temp.claimStale();
  assert.equal(claimed.length, 1);
  assert.ok(existsSync(path.join(claimed[0]!, "half")));
  assert.deepEqual(store.temp.claimStale(), []);
});

test("an empty directory goes with its process, one in use stays", (t) => {
  const store = temporaryStore(t);
  const dir = store.temp.dir();
  writeFileSync(path.join(dir, "half"), "");
  store.temp.close();
  assert.ok(existsSync(dir));
  rmSync(path.join(dir, "half"));
  store.temp.close();
  assert.equal(existsSync(dir), false);
  assert.ok(existsSync(store.temp.dir()), "it comes back when needed");
});

test("a directory that is held stays until the last holder lets it go", (t) => {
  const store = temporaryStore(t);
  const dir = store.temp.dir();
  const [first, second] = [store.temp.hold(), store.temp.hold()];
  store.temp.close();
  first[Symbol.dispose]();
  assert.ok(existsSync(dir));
  second[Symbol.dispose]();
  assert.equal(existsSync(dir), false);
});

test("the oldest user of the store is found", (t) => {
  const store = temporaryStore(t);
  assert.equal(store.temp.oldestLiveStartMs(), Infinity);
  store.temp.dir();
  assert.ok(Math.abs(store.temp.oldestLiveStartMs() - ownerStartMs(self)) < 50);
});

function temporaryStore(t: TestContext): Store {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-tmp-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return openStore(dir);
}
