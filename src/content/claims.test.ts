import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { formatOwner, currentOwner } from "./owner.ts";
import { openStore } from "./index.ts";

const name = `layer-${"a".repeat(64)}`;
const signal = new AbortController().signal;

test("work of one name is done by one after the other, work of another beside it", async (t) => {
  const { root, claims } = rig(t);
  const other = openStore(root).claims;
  const log: string[] = [];
  let finish = (): void => {};
  const first = claims.during(name, { signal }, async () => {
    log.push("first begins");
    await new Promise<void>((resolve) => (finish = resolve));
    log.push("first ends");
  });
  const second = other.during(name, { signal }, async () => void log.push("second"));
  await other.during(`blob-${"a".repeat(64)}`, { signal }, async () => void log.push("beside"));
  finish();
  await Promise.all([first, second]);
  assert.deepEqual(log, ["first begins", "beside", "first ends", "second"]);
});

test("work that fails leaves the next one its turn, and nothing behind", async (t) => {
  const { claims, root, temp } = rig(t);
  const failing = claims.during(name, { signal }, () => Promise.reject(new Error("broken")));
  await assert.rejects(failing, { message: "broken" });
  assert.equal(await claims.during(name, { signal }, () => Promise.resolve(1)), 1);
  assert.deepEqual(readdirSync(path.join(root, "locks")), []);
  assert.deepEqual(readdirSync(temp.dir()), []);
});

test("a claim of a process that is gone, or cannot be seen, or is damaged, does not count", async (t) => {
  const { claims, root } = rig(t);
  const own = currentOwner();
  const gone = [
    { ...own, startTicks: 1 },
    { ...own, boot: "0123456789ab" },
    { ...own, pidNamespace: "1" },
  ];
  for (const text of [...gone.map(formatOwner), "", "nobody"]) {
    mkdirSync(path.join(root, "locks"), { recursive: true });
    for (const left of [name, `file-${"b".repeat(64)}`]) writeFileSync(path.join(root, "locks", left), text);
    assert.equal(await claims.during(name, { signal }, () => Promise.resolve(text)), text);
    assert.deepEqual(readdirSync(path.join(root, "locks")), []);
  }
});

test("who waits can give up, and is told that it waits", async (t) => {
  const { claims, root } = rig(t);
  mkdirSync(path.join(root, "locks"));
  writeFileSync(path.join(root, "locks", name), formatOwner(currentOwner()));
  const controller = new AbortController();
  const waiting = claims.during(
    name,
    { signal: controller.signal, onWait: () => controller.abort(new Error("enough")) },
    () => assert.fail("it is another's"),
  );
  await assert.rejects(waiting, { message: "enough" });
  await assert.rejects(
    claims.during("../x", { signal }, () => assert.fail()),
    /is no claim/,
  );
});

function rig(t: TestContext) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-claims-"));
  t.after(() => rmSync(root, { recursive: true }));
  const { claims, temp } = openStore(root);
  return { root, claims, temp };
}
