import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { GitServer } from "../../src/source/testing/git-server.ts";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

const dockerfile = `FROM busybox AS base
ARG VERSION=1
COPY a.txt b.txt /d/
RUN echo $VERSION > /v
FROM base AS unused
RUN echo unused
FROM busybox AS final
COPY --from=base /v /v
RUN cat /v
`;

async function builtRig(t: Parameters<typeof Rig.withBusybox>[0]): Promise<Rig> {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  rig.file("a.txt", "a\n");
  rig.file("b.txt", "b\n");
  await rig.mustBuild();
  return rig;
}

interface Shown {
  readonly stagesSkipped: readonly string[];
  readonly steps: readonly { name: string; outcome: string; reason?: string; changes?: unknown[] }[];
}

const table = ({ steps }: Shown) =>
  steps
    .filter(({ name }) => !name.includes("FROM"))
    .map(({ name, outcome, reason }) => [name, outcome, reason]);

test("a plan of an unchanged build has nothing to do, and exits with 0", { skip }, async (t) => {
  const rig = await builtRig(t);
  const { exitCode, stdout } = await rig.slipway(["plan", rig.contextDir]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^final: nothing to do, 4 steps cached\nskipped: unused$/m);
});

test("a plan names the steps that would run with their reasons, exits with 2, and runs nothing", {
  skip,
}, async (t) => {
  const rig = await builtRig(t);
  const args = ["plan", "--json", "--build-arg", "VERSION=2", rig.contextDir];
  const first = await rig.slipway(args);
  const plan = JSON.parse(first.stdout) as Shown;
  assert.equal(first.exitCode, 2);
  assert.deepEqual(plan.stagesSkipped, ["unused"]);
  assert.deepEqual(table(plan), [
    ["[base 2/3] COPY a.txt b.txt /d/", "cached", undefined],
    ["[base 3/3] RUN echo 2 > /v", "run", "ARG VERSION: 1→2"],
    ["[final 2/3] COPY --from=base /v /v", "depends", "reads from a step that runs"],
    ["[final 3/3] RUN cat /v", "depends", "reads from a step that runs"],
  ]);
  const second = await rig.slipway(args);
  assert.equal(second.stdout, first.stdout, "the plan changed nothing");
});

test("why tells the last build's steps with their reasons", { skip }, async (t) => {
  const rig = await builtRig(t);
  const { stderr } = await rig.mustBuild("--build-arg", "VERSION=2");
  assert.match(stderr, /^#\d+ why: ARG VERSION: 1→2$/m);
  const { stdout, exitCode } = await rig.slipway(["why", "--json"]);
  assert.equal(exitCode, 0);
  assert.deepEqual(table(JSON.parse(stdout) as Shown), [
    ["[base 2/3] COPY a.txt b.txt /d/", "cached", undefined],
    ["[base 3/3] RUN echo 2 > /v", "done", "ARG VERSION: 1→2"],
    ["[final 2/3] COPY --from=base /v /v", "done", "parent ran"],
    ["[final 3/3] RUN cat /v", "done", "parent ran"],
  ]);
  const text = await rig.slipway(["why", "run echo"]);
  assert.match(text.stdout, /\n {2}ARG VERSION\n {4}- 1\n {4}\+ 2\n/);
});

test("why of a failed build names the step that failed and what was not reached", { skip }, async (t) => {
  const rig = await builtRig(t);
  rig.file("Dockerfile", dockerfile.replace("RUN cat /v", "RUN exit 3\nRUN true"));
  const { exitCode } = await rig.build();
  assert.equal(exitCode, 1);
  const story = JSON.parse((await rig.slipway(["why", "--json"])).stdout) as Shown & { outcome: string };
  assert.equal(story.outcome, "failed");
  assert.deepEqual(table(story).slice(-2), [
    ["[final 3/4] RUN exit 3", "failed", "instruction changed"],
    ["[final 4/4] RUN true", "waiting", undefined],
  ]);
  const base = story.steps.find(({ name }) => name.includes("FROM"));
  assert.equal(base?.outcome, "cached", "what a step that ran stands on was reached");
});

test("an instruction that is put before others leaves their own history with them", { skip }, async (t) => {
  const rig = await builtRig(t);
  rig.file("Dockerfile", dockerfile.replace("RUN cat /v", "RUN true\nRUN cat /v"));
  await rig.mustBuild();
  const story = JSON.parse((await rig.slipway(["why", "--json"])).stdout) as Shown;
  assert.deepEqual(table(story).slice(-1), [["[final 4/4] RUN cat /v", "done", "parent ran"]]);
});

test("files that changed are named, by a plan too", { skip }, async (t) => {
  const rig = await builtRig(t);
  rig.file("a.txt", "other\n");
  const plan = await rig.slipway(["plan", "--json", rig.contextDir]);
  assert.deepEqual(table(JSON.parse(plan.stdout) as Shown)[0]?.slice(1), ["run", "a.txt changed"]);
  const built = await rig.mustBuild();
  assert.match(built.stderr, /^#\d+ why: a\.txt changed$/m);
  chmodSync(rig.file("a.txt", "other\n"), 0o755);
  rig.file("b.txt", "other\n");
  const again = await rig.mustBuild();
  assert.match(again.stderr, /^#\d+ why: a\.txt mode 0644→0755 and 1 more$/m);
  const { stdout } = await rig.slipway(["why", "COPY a.txt"]);
  assert.match(stdout, /\n {2}a\.txt\n {4}\+ mode 0644→0755\n {2}b\.txt\n {4}\+ changed\n/);
});

test("of many files that changed it is told how many they are", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nCOPY many /many\n");
  const writeAll = (text: string) => {
    for (let number = 0; number < 250; number++) rig.file(`many/${number}`, text);
  };
  writeAll("1");
  await rig.mustBuild();
  writeAll("2");
  assert.match((await rig.mustBuild()).stderr, /^#\d+ why: many\/0 changed and 249 more$/m);
});

test("files that changed under a bind mount of the context are named, by a plan too", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    `FROM busybox
RUN --mount=type=bind,source=src,target=/m ls /m
RUN --mount=type=bind,target=/m --mount=type=cache,target=/c true
`,
  );
  rig.file("src/main.go", "1\n");
  rig.file("src/run.sh", "1\n");
  await rig.mustBuild();
  rig.file("src/main.go", "2\n");
  const plan = JSON.parse((await rig.slipway(["plan", "--json", rig.contextDir])).stdout) as Shown;
  assert.deepEqual(table(plan)[0]?.slice(1), ["run", "src/main.go changed"]);
  const built = await rig.mustBuild();
  assert.match(built.stderr, /^#\d+ why: src\/main\.go changed$/m);
  chmodSync(rig.file("src/run.sh", "1\n"), 0o755);
  rig.file("src/other.go", "1\n");
  await rig.mustBuild();
  rig.file("a.txt", "1\n");
  await rig.mustBuild();
  assert.deepEqual(table(JSON.parse((await rig.slipway(["why", "--json"])).stdout) as Shown), [
    ["[stage-0 2/3] RUN --mount=type=bind,source=src,target=/m ls /m", "cached", undefined],
    [
      "[stage-0 3/3] RUN --mount=type=bind,target=/m --mount=type=cache,target=/c true",
      "done",
      "a.txt added",
    ],
  ]);
  rmSync(path.join(rig.contextDir, "src/main.go"));
  rig.file("src/run.sh", "2\n");
  await rig.mustBuild();
  const { stdout } = await rig.slipway(["why", "RUN --mount=type=bind,source=src"]);
  assert.match(stdout, / {2}src\/run\.sh changed and 1 more$/m);
  assert.match(stdout, /\n {2}src\/run\.sh\n {4}\+ changed\n {2}src\/main\.go\n {4}\+ removed\n$/);
});

const mounting = `FROM busybox AS other
COPY src /out
FROM busybox
RUN --mount=type=bind,from=other,source=/out,target=/m ls /m
`;

async function lastReasons(rig: Rig): Promise<(string | undefined)[]> {
  return table(JSON.parse((await rig.slipway(["why", "--json"])).stdout) as Shown).map(
    ([, , reason]) => reason,
  );
}

test("files that changed under a bind mount of another stage are named where the step sees them", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", mounting);
  rig.file("src/main.go", "1\n");
  rig.file("src/run.sh", "1\n");
  await rig.mustBuild();
  rig.file("src/main.go", "2\n");
  const built = await rig.mustBuild();
  assert.match(built.stderr, /^#\d+ why: \/m\/main\.go changed$/m);
  chmodSync(path.join(rig.contextDir, "src/run.sh"), 0o755);
  rig.file("src/sub/new", "1\n");
  rmSync(path.join(rig.contextDir, "src/main.go"));
  await rig.mustBuild();
  assert.equal((await lastReasons(rig)).at(-1), "/m/main.go removed and 3 more");
  const { stdout } = await rig.slipway(["why", "RUN --mount"]);
  assert.match(stdout, /\n {2}\/m\/run\.sh\n {4}\+ mode 0644→0755\n {2}\/m\/sub\n {4}\+ added\n/);
});

test("a mounted stage that was made again with the same files is told as such", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const ran = (text: string) => mounting.replace("COPY src /out", `RUN mkdir /out && echo ${text} > /ran`);
  rig.file("Dockerfile", ran("1"));
  await rig.mustBuild();
  rig.file("Dockerfile", ran("2"));
  await rig.mustBuild();
  assert.equal((await lastReasons(rig)).at(-1), "parent ran");
});

test("a mount whose earlier files were pruned says so", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", mounting);
  rig.file("src/main.go", "1\n");
  await rig.mustBuild();
  await rig.slipway(["prune", "--all", "--force"]);
  rig.file("src/main.go", "2\n");
  await rig.mustBuild();
  assert.equal((await lastReasons(rig)).at(-1), "content of mount /m changed; what it was is pruned");
});

test("a result that was pruned is the reason when nothing else changed", { skip }, async (t) => {
  const rig = await builtRig(t);
  await rig.slipway(["prune", "--all", "--force"]);
  const { stdout } = await rig.slipway(["plan", "--json", rig.contextDir]);
  assert.deepEqual(table(JSON.parse(stdout) as Shown)[0], [
    "[base 2/3] COPY a.txt b.txt /d/",
    "run",
    "pruned",
  ]);
});

test("why without any build says so", async (t) => {
  const rig = Rig.create(t);
  const { exitCode, stderr } = await rig.slipway(["why"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^ERROR: Cannot tell why: no build was recorded in the store yet$/m);
});

test("a plan asks about URLs and refs as a build does, and fetches nothing", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await FileServer.start(t);
  const git = await GitServer.start(t);
  const repository = await git.repository("project");
  await repository.commit({ "a.txt": "one" });
  server.files.set("/file", { body: "one" });
  rig.file(
    "Dockerfile",
    `FROM busybox\nADD ${server.url}/file /file\nADD ${repository.url} /src\nRUN true\n`,
  );
  const plan = async () => {
    const { stdout, stderr, exitCode } = await rig.slipway(["plan", "--json", rig.contextDir]);
    assert.equal(stderr, "");
    return { exitCode, steps: table(JSON.parse(stdout) as Shown).map(([, ...rest]) => rest) };
  };
  const toFetch = ["depends", "its source changed or was never fetched"];
  const above = ["depends", "reads from a step that runs"];
  assert.deepEqual(await plan(), { exitCode: 2, steps: [toFetch, toFetch, above] });
  assert.deepEqual(server.statuses("/file"), []);
  await rig.mustBuild();
  const cached = ["cached", undefined];
  assert.deepEqual(await plan(), { exitCode: 0, steps: [cached, cached, cached] });
  await repository.commit({ "a.txt": "two" });
  assert.deepEqual(await plan(), { exitCode: 2, steps: [cached, toFetch, above] });
  server.files.set("/file", { body: "two" });
  assert.deepEqual(await plan(), { exitCode: 2, steps: [toFetch, toFetch, above] });
  assert.deepEqual(server.statuses("/file"), ["GET 200", "HEAD 304", "HEAD 304", "HEAD 200"]);
});

test("a plan refuses what it would not do", { skip }, async (t) => {
  const rig = await builtRig(t);
  const { exitCode, stderr } = await rig.slipway(["plan", "--verify", rig.contextDir]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^ERROR: Cannot use --verify with plan: it runs steps, and a plan runs none$/m);
});

test("every reason is one line", { skip: skip || isMissing }, async (t) => {
  const rig = await Rig.withBusybox(t);
  await using registry = await DockerRegistry.start();
  const base = `${registry.host}/base:latest`;
  const pushBase = async (text: string) => {
    const context = path.join(rig.dir, "base");
    mkdirSync(context, { recursive: true });
    writeFileSync(path.join(context, "Dockerfile"), `FROM busybox\nRUN echo ${text} > /base\n`);
    const args = ["--metadata-file", path.join(rig.dir, "meta.json"), "-o", `type=registry,name=${base}`];
    assert.equal((await rig.slipway(["build", ...args, context])).exitCode, 0);
    const { "containerimage.digest": digest } = JSON.parse(
      readFileSync(path.join(rig.dir, "meta.json"), "utf8"),
    ) as Record<string, string>;
    await rig.slipway(["rmi", base]);
    return digest!.slice(0, "sha256:".length + 12);
  };
  const text = (version: string) =>
    `FROM ${base}\nARG VERSION=${version}\nCOPY src /src\nRUN cat /src/main.go\nRUN true\n`;
  const reasons = async (...args: string[]) => {
    await rig.mustBuild(...args);
    const story = JSON.parse((await rig.slipway(["why", "--json"])).stdout) as Shown;
    return table(story).map(([, outcome, reason]) => (outcome === "cached" ? "cached" : reason));
  };
  const first = await pushBase("one");
  rig.file("Dockerfile", text("1.2"));
  chmodSync(rig.file("src/main.go", "one"), 0o664);
  assert.deepEqual(await reasons(), ["first build", "first build", "first build"]);
  rig.file("Dockerfile", text("1.3"));
  assert.deepEqual(await reasons(), ["cached", "ARG VERSION: 1.2→1.3", "ARG VERSION: 1.2→1.3"]);
  rig.file("src/main.go", "two");
  assert.deepEqual(await reasons(), ["src/main.go changed", "parent ran", "parent ran"]);
  chmodSync(path.join(rig.contextDir, "src/main.go"), 0o644);
  assert.deepEqual(await reasons(), ["src/main.go mode 0664→0644", "parent ran", "parent ran"]);
  const second = await pushBase("two");
  const moved = `base ${registry.host}/base:latest moved ${first}→${second}`;
  assert.deepEqual(await reasons("--pull"), [moved, "parent ran", "parent ran"]);
  assert.deepEqual(await reasons("--no-cache"), ["no cache", "no cache", "no cache"]);
  const plan = await rig.slipway(["plan", "--no-cache", "--json", rig.contextDir]);
  assert.equal(table(JSON.parse(plan.stdout) as Shown)[0]?.[2], "no cache");
});

test("the reason of a step that was asked to run again comes before its output", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo hello\n");
  const { stderr } = await rig.mustBuild("--no-cache");
  assert.match(stderr, /#(\d+) why: no cache\n#\1 [\d.]+ hello\n/);
});
