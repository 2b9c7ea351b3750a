import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { LogPrinter } from "./log-printer.ts";
import type { Service } from "./project.ts";
import { openStore } from "../content/index.ts";
import { claimProject, endProject } from "./project-state.ts";
import { runServices } from "./run-services.ts";
import type { RunningService } from "./running-service.ts";

test("output is shown in whole lines behind the service's name", () => {
  const { printer, text } = record(["db", "web-server"]);
  printer.output("db", 1, "one\ntw");
  printer.output("web-server", 2, "\u001b[2Jx\n");
  printer.output("db", 2, "err\n");
  printer.output("db", 1, "o\nrest");
  printer.flush("db");
  assert.equal(
    text(),
    "db         | one\nweb-server | x\ndb         | err\ndb         | two\ndb         | rest\n",
  );
});

test("services start in order, and all have ended at the end", async () => {
  const { printer, text } = record(["a", "b"]);
  const world = fakeWorld();
  const run = runServices([service("a"), service("b")], { ...world.options, printer });
  await world.settled();
  assert.deepEqual(world.log, ["start a", "start b"]);
  world.end("a", 3);
  world.end("b", 0);
  assert.equal(await run, 0);
  assert.equal(text(), "a exited with code 3\nb exited with code 0\n");
});

test("with abortOnExit the end of one stops the others, and its code counts", async () => {
  const { printer } = record(["a", "b", "c"]);
  const world = fakeWorld();
  const run = runServices(["a", "b", "c"].map(service), { ...world.options, printer, abortOnExit: true });
  await world.settled();
  world.end("b", 7);
  assert.equal(await run, 7);
  assert.deepEqual(world.log.slice(3), ["stop c 10", "stop a 10"]);
});

test("an abort stops everything, dependents first, and starts nothing more", async () => {
  const { printer } = record(["a", "b"]);
  const world = fakeWorld();
  const run = runServices(["a", "b"].map(service), { ...world.options, printer });
  await world.settled();
  world.controller.abort(new Error("interrupted"));
  await assert.rejects(run, { message: "interrupted" });
  assert.deepEqual(world.log.slice(2), ["stop b 10", "stop a 10"]);
});

test("when a service cannot be started, those that run are stopped first", async () => {
  const { printer } = record(["a", "bad"]);
  const world = fakeWorld();
  await assert.rejects(runServices([service("a"), service("bad")], { ...world.options, printer }), {
    message: "cannot start bad",
  });
  assert.deepEqual(world.log, ["start a", "start bad", "stop a 10"]);
});

test("a project is held up by one process at a time", async () => {
  const store = openStore(temporary());
  const claim = claimProject(store, "app");
  assert.throws(() => claimProject(store, "app"), {
    message: `Project "app" is up already (process ${process.pid})`,
  });
  claim[Symbol.dispose]();
  assert.deepEqual(readdirSync(store.paths.compose), []);
  claimProject(store, "app")[Symbol.dispose]();
  const signal = new AbortController().signal;
  assert.equal(await endProject(store, "app", { timeoutMs: 100, signal }), false);
});

test("a claim of a process that is gone, or of another one with its pid, does not count", async () => {
  const store = openStore(temporary());
  claimProject(store, "app")[Symbol.dispose]();
  const file = path.join(store.paths.compose, "app.json");
  for (const stale of [`{"pid":${process.pid},"startTicks":"1"}`, `{"pid":4194305,"startTicks":"1"}`, "{"]) {
    writeFileSync(file, stale);
    const signal = new AbortController().signal;
    assert.equal(await endProject(store, "app", { timeoutMs: 100, signal }), false, stale);
    writeFileSync(file, stale);
    claimProject(store, "app")[Symbol.dispose]();
  }
});

function temporary(): string {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-compose-state-"));
  after(() => rmSync(root, { recursive: true }));
  return root;
}

function service(name: string): Service {
  const place = { file: "compose.yaml", text: "", line: 1, column: 1 };
  return {
    name,
    profiles: [],
    place,
    image: "x",
    environment: {},
    volumes: [],
    dependsOn: [],
    restart: { condition: "no" },
    forwards: [],
    refusals: [],
  };
}

function record(names: readonly string[]) {
  let written = "";
  const write = (text: string) => void (written += text);
  return { printer: new LogPrinter(names, { write, colours: false, prefix: true }), text: () => written };
}

/** Services that end when they are stopped or told to. */
function fakeWorld() {
  const log: string[] = [];
  const ends = new Map<string, (code: number) => void>();
  const controller = new AbortController();
  const start = ({ name }: Service): Promise<RunningService> => {
    log.push(`start ${name}`);
    if (name === "bad") return Promise.reject(new Error("cannot start bad"));
    const ended = new Promise<number>((resolve) => ends.set(name, resolve));
    const stop = (graceMs: number) => {
      log.push(`stop ${name} ${graceMs}`);
      ends.get(name)!(143);
    };
    return Promise.resolve({ ended, stop });
  };
  const options = { start, signal: controller.signal, abortOnExit: false, graceMs: 10 };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { log, options, controller, end: (name: string, code: number) => ends.get(name)!(code), settled };
}
