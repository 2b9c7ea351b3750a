import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { WorkerError } from "../../src/worker/index.ts";
import { compile, Rig, unavailable, workerFile } from "./rig.ts";

let rig: Rig;
let main: string;
const skip = await unavailable();
const options = skip === undefined ? {} : { skip };

before(async () => {
  if (skip !== undefined) return;
  rig = await Rig.start();
  const given = process.env["WORKER_FILE"];
  main = given
    ? path.join(path.dirname(given), "killed-main.js")
    : await compile("tests/worker/killed-main.ts", `build/killed-main-${process.pid}.js`);
});
after(async () => {
  await rig?.[Symbol.asyncDispose]();
});

async function startMain(script: string): Promise<ChildProcess> {
  return spawn(process.execPath, [main, rig.store.root, script, rig.base], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, WORKER_FILE: await workerFile() },
  });
}

/** Command lines of processes that hold the text, our own and this rig's worker left out. */
function processesWith(text: string): string[] {
  return fs.readdirSync("/proc").flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || pid === String(process.pid)) return [];
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
      return command.includes(text) ? [command] : [];
    } catch {
      return []; // ended meanwhile
    }
  });
}

/** None, and none for half a second more: a process that is just being started is not seen at once. */
async function eventuallyNone(find: () => readonly string[]): Promise<void> {
  let found: readonly string[] = [];
  for (let round = 0, quiet = 0; round < 100 && quiet < 10; round++) {
    found = find();
    quiet = found.length === 0 ? quiet + 1 : 0;
    await sleep(50);
  }
  assert.deepEqual(found, []);
}

test("nothing survives a main process that is killed while a step runs", options, async () => {
  const seconds = `86${process.pid}`;
  const killed = await startMain(`sleep ${seconds} & echo running; sleep ${seconds}`);
  for await (const data of killed.stdout!) if (String(data).includes("running")) break;
  assert.ok(processesWith(`sleep ${seconds}`).length >= 2);
  killed.kill("SIGKILL");
  await eventuallyNone(() => processesWith(`sleep ${seconds}`));
  await eventuallyNone(() => processesWith(rig.store.root).filter((one) => one.includes(`-${killed.pid}-`)));
});

test("nothing survives a main process that is killed at any moment of the start", options, async () => {
  for (let delayMs = 20; delayMs <= 260; delayMs += 40) {
    const killed = await startMain("sleep 1000");
    await sleep(delayMs);
    killed.kill("SIGKILL");
    await eventuallyNone(() =>
      processesWith(rig.store.root).filter((one) => one.includes(`-${killed.pid}-`)),
    );
  }
});

test("mounts are seen by the worker only", options, async () => {
  const { stdout } = await rig.sh("cat /proc/self/mountinfo");
  assert.match(stdout, / - overlay /);
  assert.doesNotMatch(fs.readFileSync("/proc/self/mountinfo", "utf8"), new RegExp(rig.directory));
});

test("a worker that ended is reported to every caller, and leaves nothing half done", options, async () => {
  const worker = await rig.startWorker();
  await worker[Symbol.asyncDispose]();
  await assert.rejects(
    worker.remove({ layers: [], paths: [] }),
    (error: unknown) => error instanceof WorkerError && error.code === "WORKER_ENDED",
  );
  assert.equal(fs.readdirSync(rig.store.temp.dir()).length, 1, "the other worker's");
});

test("a worker that ends while it packs layers removes what was half written", options, async () => {
  const { temp } = rig.store;
  const others = fs.readdirSync(temp.dir());
  const layer = rig.layer((files) => fs.writeFileSync(path.join(files, "large"), randomBytes(64 << 20)));
  const worker = await rig.startWorker();
  const pack = (levels: readonly number[]) =>
    Promise.allSettled(levels.map((level) => worker.packLayer({ layer, compression: "gzip", level })));
  const packed = pack([8, 9]);
  const [mine] = fs.readdirSync(temp.dir()).filter((name) => !others.includes(name));
  const isBlob = (name: string) => name.startsWith("blob-");
  while (!fs.readdirSync(path.join(temp.dir(), mine!)).some(isBlob)) await sleep(5);
  const ended = worker[Symbol.asyncDispose]();
  const late = pack([5, 6, 7]);
  await ended;
  for (const { status } of [...(await packed), ...(await late)]) assert.equal(status, "rejected");
  assert.deepEqual(fs.readdirSync(temp.dir()), others);
  await rig.worker.remove({ layers: [layer], paths: [] });
});

test("an aborted signal kills the worker, and its reason is what callers get", options, async () => {
  const controller = new AbortController();
  const others = fs.readdirSync(rig.store.temp.dir());
  const worker = await rig.startWorker({ signal: controller.signal });
  const running = worker.packLayer({ layer: rig.base });
  controller.abort(new Error("enough"));
  await assert.rejects(running, { message: "enough" });
  await worker[Symbol.asyncDispose]();
  assert.deepEqual(
    fs.readdirSync(rig.store.temp.dir()),
    others,
    "it was killed, and what it left is removed",
  );
  await assert.rejects(rig.startWorker({ signal: controller.signal }), { message: "enough" });
});

test("a runtime that is not installed is reported when a step needs it", options, async () => {
  const worker = await rig.startWorker({ runtime: "/nowhere/runc" });
  try {
    assert.match(worker.runMode, /no runtime$/);
    const usual = rig.worker;
    rig.worker = worker;
    await assert
      .rejects(rig.sh("true"), (error: unknown) => {
        assert.ok(error instanceof WorkerError);
        assert.equal(error.code, "RUNTIME_MISSING");
        assert.match(error.hint ?? "", /apt-get install crun/);
        return true;
      })
      .finally(() => (rig.worker = usual));
  } finally {
    await worker[Symbol.asyncDispose]();
  }
});

test("a machine without setpriv or the namespaces is told what is missing", options, async () => {
  const usual = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  try {
    await assert.rejects(rig.startWorker(), (error: unknown) => {
      assert.ok(error instanceof WorkerError);
      assert.equal(error.message, 'Cannot start the worker: "setpriv" is not installed');
      assert.equal(error.hint, "install util-linux 2.33 or newer");
      return true;
    });
  } finally {
    process.env["PATH"] = usual;
  }
});

test("steps run with either runtime", options, async (context) => {
  const script =
    "echo kept > /made; cat /made; mknod /zero c 1 5; head -c 1 /zero | grep -q . || echo unopened";
  for (const runtime of ["crun", "runc"]) {
    const worker = await rig.startWorker({ runtime });
    const usual = rig.worker;
    try {
      if (worker.runMode.endsWith("no runtime")) continue;
      rig.worker = worker;
      const { stdout, layer } = await rig.sh(script, { keep: true });
      assert.equal(stdout, "kept\nunopened\n");
      assert.ok(fs.existsSync(`${rig.store.layers.fsOf(layer)}/made`));
      context.diagnostic(worker.runMode);
    } finally {
      rig.worker = usual;
      await worker[Symbol.asyncDispose]();
    }
  }
});
