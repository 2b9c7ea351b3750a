import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FakeRegistry } from "../../src/registry/testing/fake-registry.ts";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { busyboxRootfs, missingForContainers, mountsBelow, Rig } from "./rig.ts";

const skip = missingForContainers();

const unrepeatable = `FROM busybox
COPY data /data
RUN sleep 3; cat /proc/sys/kernel/random/uuid > /id
RUN cat /id > /copy
`;

test("eight builds at once run a step once and give the same image", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", unrepeatable);
  rig.file("data", "data");
  const builds = Array.from({ length: 8 }, async (_, number) => await rig.mustBuild("-t", `n${number}`));
  const outputs = (await Promise.all(builds)).map(({ stderr }) => stderr);
  assert.equal(outputs.filter((stderr) => ran(stderr, "uuid > /id")).length, 1);
  assert.ok(outputs.some((stderr) => /waiting for another build that runs this step/.test(stderr)));
  const layers = new Set<string>();
  for (const [number] of builds.entries()) {
    const { stdout } = await rig.slipway(["inspect", `n${number}`]);
    const [{ RootFS }] = JSON.parse(stdout) as [{ RootFS: unknown }];
    layers.add(JSON.stringify(RootFS));
  }
  assert.equal(layers.size, 1);
  assert.deepEqual(readdirSync(path.join(rig.root, "locks")), []);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

test("a build that waits for one that is killed, or fails, runs the step itself", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN sleep 2; cat /proc/sys/kernel/random/uuid > /id\n");
  const killed = rig.slipway(["build", "--progress=plain", rig.contextDir], { killAfterMs: 1500 });
  await sleep(800);
  const waiting = await rig.mustBuild();
  assert.notEqual((await killed).exitCode, 0);
  assert.ok(ran(waiting.stderr, "uuid > /id"), waiting.stderr);
  assert.deepEqual(mountsBelow(rig.dir), []);

  rig.file("Dockerfile", "FROM busybox\nRUN sleep 1.5; exit 3\n");
  const [one, two] = await Promise.all([rig.build(), rig.build()]);
  for (const { exitCode, stderr } of [one, two]) {
    assert.equal(exitCode, 1);
    assert.match(stderr, /exit code: 3$/m);
  }
  assert.deepEqual(readdirSync(path.join(rig.root, "locks")), []);
});

test("Ctrl-C ends a build that waits for another at once", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN sleep 6; echo x > /x\n");
  const holder = rig.mustBuild();
  while (!existsSync(path.join(rig.root, "locks")) || readdirSync(path.join(rig.root, "locks")).length === 0)
    await sleep(20);
  const startedAt = Date.now();
  const waiter = await rig.slipway(["build", "--progress=plain", rig.contextDir], { interruptAfterMs: 1500 });
  assert.equal(waiter.exitCode, 130);
  assert.ok(Date.now() - startedAt < 4000, `${Date.now() - startedAt} ms`);
  await holder;
});

test("--no-cache runs a step that another build runs too", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN sleep 1; cat /proc/sys/kernel/random/uuid > /id\n");
  const both = await Promise.all([rig.mustBuild(), rig.mustBuild("--no-cache")]);
  for (const { stderr } of both) assert.ok(ran(stderr, "uuid > /id"), stderr);
});

test("builds at once lose nothing to prunes beside them", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const registry = await FakeRegistry.start();
  t.after(() => registry[Symbol.asyncDispose]());
  const rounds = Number(process.env["ROUNDS"] ?? 2);
  const done = new AbortController();
  const repeat = async (...args: string[]) => {
    let times = 0;
    for (; !done.signal.aborted; times++) {
      const { exitCode, stderr } = await rig.slipway(args);
      assert.equal(exitCode, 0, stderr);
    }
    return times;
  };
  const builder = async (number: number) => {
    const context = path.join(rig.dir, `context-${number}`);
    mkdirSync(context);
    const archive = path.join(rig.dir, `${number}.tar`);
    for (let round = 0; round < rounds; round++) {
      const data = `${number % 2} ${round % 2}`;
      writeFileSync(path.join(context, "data"), data);
      writeFileSync(path.join(context, "Dockerfile"), shared);
      const name = `${registry.host}/n${number}:latest`;
      const args = ["-t", name, "--output", `type=oci,dest=${archive}`, context];
      const { exitCode, stderr } = await rig.slipway(["build", "--progress=plain", ...args]);
      assert.equal(exitCode, 0, stderr);
      execFileSync("tar", ["-tf", archive]);
      const run = await rig.slipway(["run", name, "cat", "/copy"]);
      assert.equal(run.stdout, data, run.stderr);
      const pushed = await rig.slipway(["push", name]);
      assert.equal(pushed.exitCode, 0, pushed.stderr);
    }
  };
  const beside = [repeat("prune", "--all", "--force"), repeat("prune", "--all", "--force"), repeat("du")];
  try {
    await Promise.all(Array.from({ length: 6 }, (_, number) => builder(number)));
  } finally {
    done.abort();
  }
  for (const times of await Promise.all(beside)) assert.ok(times > 0);
});

test("builds at once pull a base image once, and fetch a file once", { skip }, async (t) => {
  const rig = Rig.create(t);
  const registry = await FakeRegistry.start();
  t.after(() => registry[Symbol.asyncDispose]());
  const { layers } = registry.addImage("base", "v1", { layers: [readFileSync(busyboxRootfs())] });
  const server = await FileServer.start(t);
  server.files.set("/file", { body: randomBytes(10_000) });
  const added = `ADD ${server.url}/file /f`;
  rig.file("Dockerfile", `FROM ${registry.host}/base:v1\n${added}\nRUN true\n`);
  const builds = Array.from({ length: 4 }, async (_, number) => await rig.mustBuild("-t", `n${number}`));
  await Promise.all(builds);
  assert.equal(registry.count("GET", new RegExp(layers[0]!.digest)), 1);
  assert.equal(server.statuses("/file").filter((status) => status === "GET 200").length, 1);
  assert.deepEqual(readdirSync(path.join(rig.root, "locks")), []);
});

const shared = `FROM busybox AS one
COPY data /data
RUN cp /data /copy
FROM busybox
COPY --from=one /copy /copy
RUN test -s /copy
`;

/** Did a step whose name ends with `command` run, and was not taken from another build? */
function ran(stderr: string, command: string): boolean {
  const named = stderr.split("\n").find((line) => line.endsWith(command));
  const number = /^(#\d+) /.exec(named ?? "")?.[1];
  assert.ok(number !== undefined, stderr);
  return stderr.includes(`\n${number} DONE`);
}
