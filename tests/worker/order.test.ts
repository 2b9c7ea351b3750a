import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { newLayerId } from "../../src/content/index.ts";
import type { LayerId, RunRequest } from "../../src/worker/index.ts";
import { Rig } from "./rig.ts";

test("a step that was sent with the one it stands on runs when that one has ended, and sees what it made", async () => {
  await using rig = await Rig.start();
  const [first, second, third] = [newLayerId(), newLayerId(), newLayerId()];
  const answers = await Promise.all([
    rig.worker.runOnce(step(rig, "sleep 0.2; echo one > /one; id -u > /etc/users", { output: first })),
    rig.worker.runOnce(step(rig, "cat /one > /two; rm /one", { output: second, lowers: [first] })),
    rig.worker.runOnce(step(rig, "cat /two > /three; ls /one", { output: third, lowers: [first, second] })),
  ]);
  assert.deepEqual(
    answers.map((once) => once.outcome === "done" && once.result.exitCode),
    [0, 0, 1],
  );
  const { stdout } = await rig.sh("cat /two; ls /one /three 2>&1", { lowers: [rig.base, first, second] });
  assert.equal(stdout, "one\nls: /one: No such file or directory\nls: /three: No such file or directory\n");
});

test("a step whose base is not made does not run, leaves nothing, and its lock is free", async () => {
  await using rig = await Rig.start();
  const [first, second] = [newLayerId(), newLayerId()];
  const next = step(rig, "touch /never", { output: second, lowers: [first] });
  const failed = rig.worker.runOnce(step(rig, "sleep 0.1; exit 7", { output: first }));
  assert.deepEqual(await rig.worker.runOnce(next), { outcome: "baseless" });
  assert.equal((await failed).outcome, "done");
  assert.deepEqual(await rig.worker.runOnce({ ...next, runId: "again" }), { outcome: "baseless" });
  assert.deepEqual(rig.store.layers.list(), [rig.base]);
  await using other = await rig.startWorker();
  assert.deepEqual(await other.tryLock({ name: next.lock }), { isTaken: true });
});

test("a step that is cancelled while it waits for its base does not run", async () => {
  await using rig = await Rig.start();
  const [first, second] = [newLayerId(), newLayerId()];
  const base = rig.worker.runOnce(step(rig, "sleep 0.3", { output: first }));
  const next = step(rig, "true", { output: second, lowers: [first] });
  const cancelled = assert.rejects(rig.worker.runOnce(next), { code: "CANCELLED" });
  await rig.worker.cancel({ runId: next.runId });
  await cancelled;
  assert.equal((await base).outcome, "done");
  assert.ok(rig.store.layers.has(first) && !rig.store.layers.has(second));
});

let steps = 0;

/** @param lowers above the base image; the last one is what the step comes after */
function step(
  { base }: Rig,
  script: string,
  { output, lowers = [] }: { readonly output: LayerId; readonly lowers?: readonly LayerId[] },
): RunRequest & { readonly lock: string; readonly after?: LayerId } {
  const after = lowers.at(-1);
  return {
    runId: `step-${++steps}`,
    lowers: [base, ...lowers],
    output,
    args: ["/bin/sh", "-c", script],
    env: [],
    cwd: "/",
    user: "",
    network: "default",
    security: "sandbox",
    mounts: [],
    lock: randomBytes(32).toString("hex"),
    ...(after !== undefined && { after }),
  };
}
