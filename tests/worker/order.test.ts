import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { newLayerId } from "../../src/content/index.ts";
import type { LayerId, RunRequest } from "../../src/worker/index.ts";
import { Rig } from "./rig.ts";
import { shellRequest } from "./shell-request.ts";

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

test("in a chain of steps each runs as if it were alone: what it reads, prints, and how it fails", async () => {
  await using rig = await Rig.start();
  const layers = Array.from({ length: 6 }, () => newLayerId());
  const chain = [
    step(rig, "echo 0 > /count; sleep 0.1", { output: layers[0]! }),
    ...[1, 2, 3, 4].map((n) => {
      const script = `read c < /count; echo $((c + 1)) > /count; echo "step ${n}"; test -p /dev/stdin || tty; sleep 0.05`;
      return step(rig, script, { output: layers[n]!, lowers: layers.slice(0, n) });
    }),
  ];
  // More than a pipe holds.
  const large = { ...chain[3]!, env: Array.from({ length: 30 }, (_, n) => `LARGE${n}=${"x".repeat(4000)}`) };
  const absent = step(rig, "", { output: layers[5]!, lowers: layers.slice(0, 5) });
  const requests = [...chain.slice(0, 3), large, chain[4]!];
  const answers = requests.map((request) => rig.worker.runOnce(request));
  await assert.rejects(rig.worker.runOnce({ ...absent, args: ["/bin/absent"] }), {
    code: "COMMAND_NOT_FOUND",
  });
  for (const once of await Promise.all(answers)) {
    assert.equal(once.outcome === "done" && once.result.exitCode, 0);
  }
  const { stdout } = await rig.sh("cat /count", { lowers: [rig.base, ...layers.slice(0, 5)] });
  assert.equal(stdout, "4\n");
  assert.equal(rig.outputOf(large.runId).stdout, "step 3\nnot a tty\n");
});

test("a runtime that waits for a step that never runs is ended", async () => {
  await using rig = await Rig.start();
  await rig.sh("true");
  const [first, second] = [newLayerId(), newLayerId()];
  const failed = rig.worker.runOnce(step(rig, "sleep 0.4; exit 1", { output: first }));
  const next = rig.worker.runOnce(step(rig, "true", { output: second, lowers: [first] }));
  await until(() => runtimesOf(rig) === 2);
  assert.deepEqual(await next, { outcome: "baseless" });
  await failed;
  await until(() => runtimesOf(rig) === 0);
});

test("a runtime that cannot be made to wait is started anew, once, and its container runs", async (t) => {
  await using rig = await Rig.start({ runtime: fussyRuntime(t) });
  const layers = [newLayerId(), newLayerId(), newLayerId(), newLayerId()];
  const answers = layers.map((output, n) => {
    const script = `echo ${n} >> /log; sleep 0.2`;
    return rig.worker.runOnce(step(rig, script, { output, lowers: layers.slice(0, n) }));
  });
  for (const once of await Promise.all(answers)) {
    assert.equal(once.outcome === "done" && once.result.exitCode, 0);
  }
  assert.equal((await rig.sh("cat /log", { lowers: [rig.base, ...layers] })).stdout, "0\n1\n2\n3\n");
});

test("a runtime that waits for a step that is cancelled meanwhile is ended, and gets nothing to run", async (t) => {
  const { runtime, given } = watchedRuntime(t);
  await using rig = await Rig.start({ runtime });
  await rig.sh("true");
  const [first, second] = [newLayerId(), newLayerId()];
  const base = rig.worker.runOnce(step(rig, "sleep 0.4", { output: first }));
  const next = step(rig, "true", { output: second, lowers: [first] });
  const cancelled = assert.rejects(rig.worker.runOnce(next), { code: "CANCELLED" });
  await until(() => runtimesOf(rig, "cat") === 1);
  await rig.worker.cancel({ runId: next.runId });
  assert.equal((await base).outcome, "done");
  await cancelled;
  await until(() => runtimesOf(rig, "cat") === 0);
  assert.equal(statSync(given).size, 0);
});

test("in place of a runtime that was killed while it waited another one is started", async (t) => {
  await using rig = await Rig.start({ runtime: watchedRuntime(t).runtime });
  await rig.sh("true");
  const [first, second] = [newLayerId(), newLayerId()];
  const base = rig.worker.runOnce(step(rig, "sleep 0.4; echo made > /f", { output: first }));
  const next = step(rig, "cat /f", { output: second, lowers: [first] });
  const made = rig.worker.runOnce(next);
  await until(() => runtimesOf(rig, "cat") === 1);
  for (const pid of pidsOf(rig, "cat")) process.kill(pid, "SIGKILL");
  const [, once] = await Promise.all([base, made]);
  assert.equal(once.outcome === "done" && once.result.exitCode, 0);
  assert.equal(rig.outputOf(next.runId).stdout, "made\n");
});

test("a runtime that opens the fifo just after it was given up gets the spec all the same", async (t) => {
  await using rig = await Rig.start({ runtime: hesitantRuntime(t) });
  await rig.sh("true");
  const [first, second] = [newLayerId(), newLayerId()];
  const base = rig.worker.runOnce(step(rig, "sleep 0.4; echo made > /f", { output: first }));
  const next = step(rig, "cat /f", { output: second, lowers: [first] });
  const [, once] = await Promise.all([base, rig.worker.runOnce(next)]);
  assert.equal(once.outcome === "done" && once.result.exitCode, 0);
  assert.equal(rig.outputOf(next.runId).stdout, "made\n");
});

test("of two requests for a step, the first of which is void, the other one can be cancelled", async () => {
  await using rig = await Rig.start();
  const begun = step(rig, "true", { output: newLayerId(), lowers: [newLayerId()] });
  const anew = { ...step(rig, "sleep 60", { output: newLayerId() }), runId: begun.runId };
  const first = rig.worker.runOnce(begun);
  const cancelled = assert.rejects(rig.worker.runOnce(anew), { code: "CANCELLED" });
  assert.deepEqual(await first, { outcome: "baseless" });
  await rig.worker.cancel({ runId: anew.runId });
  await cancelled;
});

/** crun, but for a spec that it has to wait for: that it only writes to `given`. */
function watchedRuntime(t: TestContext): { readonly runtime: string; readonly given: string } {
  const given = path.join(tmpdir(), `given-${randomBytes(6).toString("hex")}`);
  t.after(() => rmSync(given, { force: true }));
  const runtime = standIn(t, [
    `if [ -p "$bundle/config.json" ]; then exec cat "$bundle/config.json" > ${given}; fi`,
  ]);
  return { runtime, given };
}

/** crun, but it opens the fifo that it has found only when a file lies in its place. */
function hesitantRuntime(t: TestContext): string {
  return standIn(t, [
    'if [ -p "$bundle/config.json" ]; then',
    '  ln "$bundle/config.json" "$bundle/held"',
    '  while [ -p "$bundle/config.json" ]; do sleep 0.01; done',
    '  cat "$bundle/held" | cmp - "$bundle/config.json" || exit 1',
    "fi",
  ]);
}

/** crun, but for a spec that is no file. */
function fussyRuntime(t: TestContext): string {
  return standIn(t, [
    'if [ -p "$bundle/config.json" ]; then echo \'{"level":"error","msg":"no regular file"}\' > "$log"; exit 1; fi',
  ]);
}

/** crun, but it does something else first. */
function standIn(t: TestContext, lines: readonly string[]): string {
  const directory = mkdtempSync(path.join(tmpdir(), "stand-in-"));
  const file = path.join(directory, "crun");
  const script = [
    "#!/bin/sh",
    'for each; do case "$each" in --bundle=*) bundle="${each#--bundle=}" ;; --log=*) log="${each#--log=}" ;; esac; done',
    ...lines,
    'exec crun "$@"',
  ];
  writeFileSync(file, `${script.join("\n")}\n`, { mode: 0o755 });
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return file;
}

function runtimesOf(rig: Rig, program?: string): number {
  return pidsOf(rig, program).length;
}

function pidsOf({ store }: Rig, program = "crun"): readonly number[] {
  const pids = readdirSync("/proc").filter((pid) => {
    try {
      const [file = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return file.endsWith(program) && args.some((arg) => arg.includes(store.root));
    } catch {
      return false;
    }
  });
  return pids.map(Number);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

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
    ...shellRequest(script),
    lock: randomBytes(32).toString("hex"),
    ...(after !== undefined && { after }),
  };
}
