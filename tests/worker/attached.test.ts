import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { probeRunModes } from "../../src/worker/index.ts";
import { compile, Rig, unavailable, workerFile } from "./rig.ts";

let rig: Rig;
let main: string;
let env: NodeJS.ProcessEnv;
const skip = await unavailable();
const options = skip === undefined ? {} : { skip };

before(async () => {
  if (skip !== undefined) return;
  rig = await Rig.start();
  const given = process.env["WORKER_FILE"];
  main = given
    ? path.join(path.dirname(given), "attached-main.js")
    : await compile("tests/worker/attached-main.ts", `build/attached-main-${process.pid}.js`);
  env = { ...process.env, WORKER_FILE: await workerFile() };
});
after(async () => {
  await rig?.[Symbol.asyncDispose]();
});

const argumentsOf = (form: "tty" | "pipe", script: string) => [
  main,
  rig.store.root,
  rig.base,
  form,
  "/bin/sh",
  "-c",
  script,
];

test(
  "an attached process reads our stdin, writes our stdout and stderr, and gives its exit code",
  options,
  () => {
    const args = argumentsOf("pipe", "cat; echo err >&2; exit 7");
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      input: "in\n",
      encoding: "utf8",
      env,
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 7, stdout: "in\n", stderr: "err\n" });
  },
);

const noScript = spawnSync("script", ["--version"]).status === 0 ? undefined : '"script" is not installed';
const needsTty = skip === undefined && noScript === undefined ? {} : { skip: skip ?? noScript! };

test("an attached process has a terminal of the size of ours", needsTty, async () => {
  const inner = argumentsOf("tty", "tty; stat -c %F /dev/console; read line; echo got $line; exit 5");
  const command = [process.execPath, ...inner].map((arg) => `'${arg}'`).join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { env });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  for (let round = 0; round < 200 && !output.includes("/dev/"); round++) await sleep(50);
  child.stdin.write("typed\n");
  assert.equal(await ended, 5, output);
  assert.match(output, /^\/dev\/(?:pts\/0|console)\r\n/);
  assert.match(output, /got typed\r\n$/);
});

test("what running containers needs here is found", options, async () => {
  const findings = await probeRunModes();
  assert.deepEqual(
    findings.map(({ subject }) => subject).filter((one) => one !== "runtime"),
    ["namespaces", "filter"],
  );
  assert.equal(findings[0]?.state, "ok");
  assert.ok(
    findings.some(({ subject, text }) => subject === "runtime" && /^(?:crun|runc) version/.test(text)),
  );
  const [missing] = (await probeRunModes({ runtime: "/nowhere/crun" })).filter(
    (one) => one.subject === "runtime",
  );
  assert.equal(missing?.state, "missing");
  assert.match(missing?.hint ?? "", /apt-get install crun/);
});
