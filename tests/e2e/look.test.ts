import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { missingForContainers, missingForTerminals, Rig } from "./rig.ts";

const skip = missingForContainers();

const megabyte = 1_000_000;
const dockerfile = `FROM busybox AS develop
ENV MODE=develop KEEP=1
WORKDIR /app
COPY --chmod=640 app.txt .
RUN mkdir /tools /tools/bin; head -c ${2 * megabyte} /dev/zero > /tools/bin/cc; echo x > /tools/x
FROM busybox AS production
ENV MODE=production KEEP=1
WORKDIR /app
COPY app.txt .
USER app
`;

async function createRig(t: TestContext): Promise<Rig> {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  rig.file("app.txt", "app\n");
  return rig;
}

test("files lists a stage as ls does, below one path too", { skip }, async (t) => {
  const rig = await createRig(t);
  const { stdout, stderr } = await rig.slipway(["files", "--context", "context", "develop", "/app"]);
  assert.match(
    stdout,
    /^drwxr-xr-x 0:0 +0 [\d-]+ [\d:]+ \/app\n-rw-r----- 0:0 4 [\d-]+ [\d:]+ \/app\/app\.txt\n$/,
    stderr,
  );
  const link = await rig.slipway(["files", "--json", "busybox", "/bin/ls"]);
  assert.equal((JSON.parse(link.stdout) as { path: string }).path, "/bin/busybox", "links are followed");
  const all = await rig.slipway(["files", "busybox"]);
  assert.match(all.stdout, / \/bin\/ls -> busybox$/m);
});

test("files of a path that is not there says so", { skip }, async (t) => {
  const rig = await createRig(t);
  const { exitCode, stderr } = await rig.slipway(["files", "busybox", "/nowhere"]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /"\/nowhere": not found/);
});

test("size tells stages, steps and directories, and what grew since the last build", { skip }, async (t) => {
  const rig = await createRig(t);
  const size = ["size", "--context", "context", "--target", "develop"];
  const { stdout, stderr } = await rig.slipway(size);
  assert.match(stdout, /^\[develop 4\/4\] RUN mkdir .* 2MB/m, stderr);
  assert.match(stdout, /^develop +2MB$/m);
  assert.match(stdout, /^\/tools\/bin +2MB$/m);
  assert.doesNotMatch(stdout, /since the last image/);
  rig.file("Dockerfile", dockerfile.replace(`${2 * megabyte}`, `${5 * megabyte}`));
  const grown = await rig.slipway(size);
  assert.match(grown.stdout, /^\+3MB since the last image of this target:$/m);
  const json = await rig.slipway([...size, "--json", "--compressed"]);
  const report = JSON.parse(json.stdout) as { layers: { sizeBytes: number; compressedBytes: number }[] };
  const last = report.layers.at(-1)!;
  assert.equal(last.sizeBytes, 5 * megabyte + 2);
  assert.ok(last.compressedBytes > 0 && last.compressedBytes < 100_000);
});

test("size fails above a limit, and only then", { skip }, async (t) => {
  const rig = await createRig(t);
  const size = (limit: string) =>
    rig.slipway(["size", "--context", "context", "--max-size", limit, "develop"]);
  assert.equal((await size("1GB")).exitCode, 0);
  const over = await size("2MB");
  assert.equal(over.exitCode, 1);
  assert.match(over.stderr, /^ERROR: develop takes \S+MB, more than 2MB$/m);
});

test("diff of two stages tells settings, modes, and directories with what is in them", {
  skip,
}, async (t) => {
  const rig = await createRig(t);
  const { stdout, stderr, exitCode } = await rig.slipway([
    "diff",
    "--context",
    "context",
    "develop",
    "production",
  ]);
  assert.equal(exitCode, 0, stderr);
  const [head, ...lines] = stdout.trimEnd().split("\n");
  assert.match(head!, /^develop \S+ → production \S+ \(-2MB\)$/);
  assert.deepEqual(lines, [
    "~ Env MODE: develop → production",
    "+ User: app",
    "~ /app/app.txt (mode 0640→0644)",
    "- /tools (3 files below, -2MB)",
  ]);
  const same = await rig.slipway(["diff", "--context", "context", "--exit-code", "develop", "develop"]);
  assert.deepEqual([same.exitCode, same.stdout.split("\n")[1]], [0, "no difference"]);
  const differs = await rig.slipway(["diff", "--context", "context", "--exit-code", "busybox", "production"]);
  assert.equal(differs.exitCode, 1);
});

test("diff names contents, targets of links and types", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    `FROM busybox AS a
RUN echo same > /same; echo one > /content; ln -s x /link; mkdir /type; touch /gone
FROM busybox AS b
RUN echo same > /same; echo two > /content; ln -s y /link; touch /type; touch /new
`,
  );
  const { stdout } = await rig.slipway(["diff", "--context", "context", "a", "b"]);
  assert.deepEqual(stdout.trimEnd().split("\n").slice(1), [
    "~ /content (content)",
    "- /gone",
    "~ /link (target x→y)",
    "+ /new",
    "~ /type (directory→file)",
  ]);
});

test("a terminal is told what a stage that is looked at builds, once that takes a second; others are not", {
  skip: skip || missingForTerminals,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const build = (seconds: number) =>
    rig.file("Dockerfile", `FROM busybox AS app\nRUN sleep ${seconds}; echo > /made\n`);
  const command = ["files", "--context", rig.contextDir, "app", "/made"];
  build(1.3);
  const slow = await rig.onTerminal(...command);
  assert.match(slow.stdout, /reading app .*\[2\/2\] RUN sleep 1\.3/s);
  const known = await rig.onTerminal(...command);
  assert.match(known.stdout, /^-rw-r--r-- \S+ +1 \S+ \S+ \/made\r\n$/);
  build(1.2);
  assert.equal((await rig.slipway(command)).stderr, "");
});

test("a name that is neither an image nor a stage is told the stages", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox AS develop\nFROM busybox AS test\n");
  const { exitCode, stderr } = await rig.slipway(["size", "--context", rig.contextDir, "tset"]);
  assert.equal(exitCode, 5);
  assert.equal(
    stderr,
    "ERROR: No such image: tset, nor such a stage (did you mean test?)\nhint: stages are develop, test\n",
  );
});

test("an image is looked at beside a Dockerfile that does not parse", { skip }, async (t) => {
  const rig = await createRig(t);
  rig.file("Dockerfile", "FROMM busybox\n");
  const { stdout, stderr } = await rig.slipway(["files", "--context", "context", "busybox", "/bin/ls"]);
  assert.match(stdout, / \/bin\/busybox$/m, stderr);
  const stage = await rig.slipway(["files", "--context", "context", "develop"]);
  assert.match(stage.stderr, /unknown instruction: FROMM/);
});
