import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { commandLines, missingForContainers, Rig, run } from "./rig.ts";

const skip = missingForContainers();

test("the version is told without a store", async (t) => {
  const rig = Rig.create(t);
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  for (const args of [["--version"], ["-v"], ["version"]])
    assert.deepEqual(await rig.slipway(args), { exitCode: 0, stdout: `slipway ${version}\n`, stderr: "" });
});

test("a store, and an output, where no directory can be made is one clear error", {
  timeout: 20_000,
}, async (t) => {
  const rig = Rig.create(t);
  assert.deepEqual(await rig.slipway(["--root", "/proc/x", "images"]), {
    exitCode: 10,
    stdout: "",
    stderr: `ERROR: Cannot open the store "/proc/x": cannot mkdir "/proc/x": no such file or directory
hint: choose another directory with --root or SLIPWAY_ROOT
`,
  });
  if (skip) return;
  rig.file("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  const { exitCode, stderr } = await rig.build("-q", "-o", "/proc/x/y");
  assert.equal(exitCode, 1);
  assert.match(stderr, /ERROR: Cannot mkdir "\/proc\/x": no such file or directory\n$/);
});

test("an output that cannot be written is one line and an exit code, never a stack", async (t) => {
  const rig = Rig.create(t);
  const shell = (line: string) => run("sh", ["-c", line], { env: { SLIPWAY_ROOT: rig.root } });
  assert.deepEqual(await shell("bin/slipway images >/dev/full"), {
    exitCode: 9,
    stdout: "",
    stderr: "ERROR: Cannot write the output: no space left on device\n",
  });
  const closed = await shell("{ sleep 0.2; bin/slipway help 2>&1; echo $? >&3; } 3>&2 | true");
  assert.deepEqual(closed, { exitCode: 0, stdout: "", stderr: "141\n" });
  const unheard = await shell(
    "{ { sleep 0.2; bin/slipway bulid; } 2>&1 >/dev/null; echo $? >&3; } 3>&2 | true",
  );
  assert.deepEqual(unheard, { exitCode: 0, stdout: "", stderr: "141\n" });
});

test("a working directory that is gone is one line and an exit code, never a stack", async (t) => {
  const rig = Rig.create(t);
  const slipway = path.resolve("bin/slipway");
  const gone = await run("sh", ["-c", `mkdir gone && cd gone && rmdir ../gone && ${slipway} images 2>&1`], {
    cwd: rig.dir,
    env: { SLIPWAY_ROOT: rig.root },
  });
  assert.equal(gone.exitCode, 4);
  assert.match(gone.stdout, /^ERROR: Cannot run: the working directory is gone.*\nhint: .*\n$/m);
});

test("options of Node.js are no business of Node.js", async (t) => {
  const rig = Rig.create(t);
  const shown = await run("bin/slipway", ["--env-file", "nowhere", "images"], {
    env: { SLIPWAY_ROOT: rig.root },
  });
  assert.deepEqual(shown, {
    exitCode: 2,
    stdout: "",
    stderr: 'ERROR: Unknown option "--env-file"\nhint: see: slipway images --help\n',
  });
});

test("a checkout that was not built says so", async (t) => {
  const rig = Rig.create(t);
  cpSync("bin", path.join(rig.dir, "bin"), { recursive: true });
  assert.deepEqual(await run(process.execPath, [path.join(rig.dir, "bin/slipway"), "images"]), {
    exitCode: 1,
    stdout: "",
    stderr: 'ERROR: slipway is not built; run "npm run build"\n',
  });
});

test("build --check and --call answer on standard output, and keep no image", async (t) => {
  const rig = Rig.create(t);
  rig.file("Dockerfile", "FROM scratch AS base\nARG A=1\nFROM base AS app\nCMD x\n");
  const ask = (...args: string[]) => rig.slipway(["build", ...args, rig.contextDir]);
  const check = await ask("--check", "-t", "never");
  assert.equal(check.exitCode, 1);
  assert.match(check.stdout, /^Check complete, 1 warning has been found!\n\nWARNING: JSONArgsRecommended - /);
  assert.equal((await ask("--check", "--target", "base")).stdout, "Check complete, no warnings found.\n");
  assert.equal(
    (await ask("--call=targets")).stdout,
    "TARGET        DESCRIPTION\nbase          \napp (default) \n",
  );
  assert.match((await ask("--call=outline,format=json")).stdout, /"name": "A",\n {6}"value": "1"/);
  assert.equal((await ask("--call=nothing")).exitCode, 2);
  assert.equal((await rig.slipway(["images", "-q"])).stdout, "");
});

test("run runs an image as it says, and ends with the command's code", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    'FROM busybox\nENV A=image\nWORKDIR /w\nUSER app\nENTRYPOINT ["sh", "-c"]\nCMD ["exit 9"]\n',
  );
  await rig.mustBuild("-t", "app");
  assert.equal((await rig.slipway(["run", "app"])).exitCode, 9);
  const shown = await rig.slipway(["run", "-e", "B=option", "app", "id -un; pwd; echo $A $B"]);
  assert.equal(shown.stdout, "app\n/w\nimage option\n");
  const other = await rig.slipway(["run", "--entrypoint", "echo", "-u", "root", "app", "-n", "x"]);
  assert.deepEqual(other, { exitCode: 0, stdout: "x", stderr: "" });
});

test("run builds a target that is stale, and says nothing when it is not", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox AS tools\nRUN echo made > /made\nFROM busybox\n");
  const args = ["run", "--target", "tools", rig.contextDir, "--", "cat", "/made"];
  const first = await rig.slipway(args);
  assert.equal(first.stdout, "made\n");
  assert.match(first.stderr, /RUN echo made/);
  assert.deepEqual(await rig.slipway(args), { exitCode: 0, stdout: "made\n", stderr: "" });
  const here = await rig.slipway(["run", "--target", "tools", "--", "cat", "/made"], { cwd: rig.contextDir });
  assert.equal(here.stdout, "made\n");
});

test("run binds host paths, hands standard input on, and keeps nothing", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("in.txt", "from host\n");
  const bound = await rig.slipway([
    "run",
    "-v",
    "./context:/h:ro",
    "busybox",
    "sh",
    "-c",
    "cat /h/in.txt; touch /h/x",
  ]);
  assert.equal(bound.stdout, "from host\n");
  assert.notEqual(bound.exitCode, 0);
  const cat = await rig.slipway(["run", "-i", "busybox", "cat"], { input: "piped" });
  assert.equal(cat.stdout, "piped");
  assert.equal((await rig.slipway(["run", "busybox", "cat"], { input: "piped" })).stdout, "");
  await rig.slipway(["run", "busybox", "touch", "/kept"]);
  assert.notEqual((await rig.slipway(["run", "busybox", "ls", "/kept"])).exitCode, 0);
});

test("run's own failures have docker's codes", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const table: [string[], number][] = [
    [["run", "busybox", "no-such-program"], 127],
    [["run", "busybox", "/etc/passwd"], 126],
    [["run", "-u", "nobody-there", "busybox", "true"], 125],
    [["run", "--name", "x", "busybox"], 2],
    [["run"], 2],
  ];
  for (const [args, exitCode] of table)
    assert.equal((await rig.slipway(args)).exitCode, exitCode, args.join(" "));
});

test("a command that the image lacks is told in one line", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const bin = path.join(rig.dir, "bin");
  mkdirSync(bin);
  writeFileSync(path.join(bin, "tool"), "#!/bin/sh\necho bound\n", { mode: 0o755 });
  const ran = (...args: string[]) => rig.slipway(["run", ...args]);
  for (const options of [[], ["-v", `${rig.contextDir}:/src`]]) {
    assert.deepEqual(await ran(...options, "busybox", "no-such-program"), {
      exitCode: 127,
      stdout: "",
      stderr: 'ERROR: exec: "no-such-program": executable file not found in $PATH\n',
    });
  }
  const missing = await ran("busybox", "/bin/no-such-program");
  assert.match(missing.stderr, /^ERROR: exec: "\/bin\/no-such-program": no such file or directory\nhint: /);
  assert.equal((await ran("-v", `${bin}:/usr/local/bin`, "busybox", "tool")).stdout, "bound\n");
  assert.equal((await ran("-v", `${bin}:/b`, "-w", "/b", "busybox", "./tool")).stdout, "bound\n");
  assert.equal((await ran("-w", "/bin", "busybox", "./echo", "here")).stdout, "here\n");
});

test("a signal to run reaches the command", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const script = 'trap "echo asked; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
  const child = spawn(process.execPath, [path.resolve("bin/slipway"), "run", "busybox", "sh", "-c", script], {
    env: { ...process.env, SLIPWAY_ROOT: rig.root },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    if (stdout === "ready\n") child.kill("SIGTERM");
  });
  const exitCode = await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual({ exitCode, stdout }, { exitCode: 3, stdout: "ready\nasked\n" });
});

test("each kind of failure of a build has its exit code and one clear message", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const table: [string, string[], number, RegExp][] = [
    [
      "FROM busybox\nRUN exit 3\n",
      [],
      1,
      /^ERROR: process "\/bin\/sh -c exit 3" did not complete successfully: exit code: 3$/m,
    ],
    ["FROM busybox\nRUNN x\n", [], 3, /unknown instruction: RUNN/],
    [
      "FROM busybox AS build\n",
      ["--target", "bulid"],
      3,
      /target stage "bulid" could not be found \(did you mean build\?\)\nhint: stages are build$/m,
    ],
    [
      "FROM busybox\nRUN sleep 60\nCOPY nothing /\n",
      [],
      4,
      /checksum of ref context: "\/nothing": not found/,
    ],
    [
      "FROM busybox\nCOPY ../nothing /\n",
      [],
      4,
      /checksum of ref context: "\/nothing": not found: "\.\.\/nothing" leads out of the build context\nhint: looked for in/,
    ],
    [
      "FROM busybox\nCOPY --from=busybox a/../../nothing /\n",
      [],
      4,
      /: not found: "a\/\.\.\/\.\.\/nothing" leads out of docker\.io\/library\/busybox:latest\n/,
    ],
    [
      "FROM busybox\nRUN --mount=type=bind,source=nothing,target=/x sleep 60\n",
      [],
      4,
      /ERROR: failed to calculate checksum of ref context: "\/nothing": not found\nhint: looked for in the build context/,
    ],
    [
      "FROM busybox\nRUN <<EOF\ntrue\nsh -c 'kill -9 $$'\nEOF\n",
      [],
      1,
      /^ERROR: process "\/bin\/sh -c true\\nsh -c 'kill -9 \$\$'\\n" did not complete successfully: exit code: 137\nhint: it was killed/m,
    ],
    ["FROM busybox\n", ["-f", "/nowhere"], 4, /open \/nowhere: no such file or directory/],
    ["FROM busybox\n", ["--nope"], 2, /^ERROR: Unknown option "--nope"/m],
    ["FROM busybox\n", ["-t", "UPPER"], 2, /invalid tag "UPPER"/],
  ];
  for (const [dockerfile, args, exitCode, message] of table) {
    rig.file("Dockerfile", dockerfile);
    const result = await rig.build(...args);
    assert.equal(result.exitCode, exitCode, `${dockerfile}${result.stderr}`);
    assert.match(result.stderr, message);
  }
  rig.file("Dockerfile", "FROM busybox\nCOPY nothing /\n");
  assert.match(
    (await rig.build()).stderr,
    /^Dockerfile:2\n-{20}\n {3}1 \| {5}FROM busybox\n {3}2 \| >>> COPY nothing \/$/m,
  );
});

test("the first interrupt of a build cleans up and ends with 130", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN mkdir -m 0 /d && touch /d/f && echo sleeping; sleep 77\n");
  const child = spawn(
    process.execPath,
    [path.resolve("bin/slipway"), "build", "--progress=plain", rig.contextDir],
    {
      env: { ...process.env, SLIPWAY_ROOT: rig.root },
      stdio: ["ignore", "inherit", "pipe"],
    },
  );
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    if (/\d sleeping\n/.test(stderr) && !child.killed) child.kill("SIGINT");
  });
  assert.equal(await new Promise((resolve) => child.on("close", resolve)), 130);
  assert.match(stderr, /CANCELED\nInterrupted\n$/);
  assert.ok(!commandLines().includes("sleep 77"));
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

test("an image is listed, told about, renamed, saved and removed", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo x > /x\nLABEL a=b\n");
  const iidfile = path.join(rig.dir, "iid");
  await rig.mustBuild("-t", "app:1", "--iidfile", iidfile);
  const id = readFileSync(iidfile, "utf8");
  assert.match((await rig.slipway(["images", "app"])).stdout, new RegExp(`\\napp +1 +${id.slice(7, 19)} +`));
  const [inspected] = JSON.parse((await rig.slipway(["inspect", "app:1"])).stdout) as { Id: string }[];
  assert.equal(inspected!.Id, id);
  assert.match((await rig.slipway(["history", "app:1"])).stdout, /LABEL a=b/);
  await rig.slipway(["tag", id.slice(7, 19), "again"]);
  const archive = path.join(rig.dir, "saved.tar");
  assert.equal((await rig.slipway(["save", "-o", archive, "again"])).exitCode, 0);
  const manifest = await run("tar", ["-xOf", archive, "manifest.json"]);
  assert.deepEqual((JSON.parse(manifest.stdout) as { RepoTags: string[] }[])[0]!.RepoTags, ["again:latest"]);
  await rig.slipway(["rmi", "app:1"]);
  assert.equal((await rig.slipway(["rmi", "again"])).stdout, `Untagged: again:latest\nDeleted: ${id}\n`);
});
