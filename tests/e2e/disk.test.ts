import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

interface Usage {
  readonly images: readonly { names: string[]; target?: string; sizeBytes: number; sharedBytes: number }[];
  readonly stages: readonly { project?: string; stage?: string; layers: number; sizeBytes: number }[];
  readonly mounts: readonly { id: string; sizeBytes: number }[];
  readonly totals: Record<string, { count: number; sizeBytes: number; reclaimableBytes: number }>;
}

async function usageOf(rig: Rig): Promise<Usage> {
  const { stdout, exitCode, stderr } = await rig.slipway(["du", "--json"]);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Usage;
}

const megabyte = 1_000_000;

test("du tells images, what they share, stages, and cache mounts", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    `FROM busybox AS builder
RUN --mount=type=cache,target=/c head -c ${3 * megabyte} /dev/zero > /c/x && head -c ${2 * megabyte} /dev/zero > /built
FROM busybox AS final
RUN head -c ${megabyte} /dev/zero > /own
`,
  );
  await rig.mustBuild("-t", "app");
  await rig.mustBuild("-t", "tool", "--target", "builder");
  const usage = await usageOf(rig);
  const stages = usage.stages.map(({ stage, layers, sizeBytes }) => [stage, layers, sizeBytes]);
  assert.deepEqual(
    stages.filter(([stage]) => stage !== undefined),
    [
      ["builder", 1, 2 * megabyte],
      ["final", 1, megabyte],
    ],
  );
  assert.equal(usage.stages.find(({ stage }) => stage === "final")?.project, rig.contextDir);
  assert.deepEqual(
    usage.mounts.map(({ id, sizeBytes }) => [id, sizeBytes]),
    [["/c", 3 * megabyte]],
  );
  const app = usage.images.find(({ names }) => names[0]?.includes("app"));
  assert.equal(app?.target, "final");
  assert.equal(app.sizeBytes - app.sharedBytes, megabyte, "the base is shared with the other image");
  const text = await rig.slipway(["du", "-v"]);
  assert.match(text.stdout, /^Cache mounts +1 +3MB +3MB$/m);
  assert.match(text.stdout, /^builder +\S+ +1 +2MB +/m);
});

test("du --filter and prune --verbose tell of the same things", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox AS main\nRUN --mount=type=cache,target=/c echo x | tee /c/x > /y\n");
  await rig.mustBuild("-o", "type=cacheonly");
  const du = async (...filters: string[]) => {
    const args = filters.flatMap((filter) => ["--filter", filter]);
    return (await rig.slipway(["du", "-v", ...args])).stdout;
  };
  const regular = await du("type=regular");
  assert.match(regular, /^Layers +2 /m);
  assert.match(regular, /^main +\S+context +1 +2B /m);
  assert.doesNotMatch(regular, /Images|Cache mounts|CACHE MOUNT/);
  assert.match(await du("type=exec.cachemount"), /^TYPE.*\nCache mounts +1 .*\n\nCACHE MOUNT.*\n\/c .*\n$/);
  assert.match(await du("unused-for=1h"), /^Images +0 .*\nLayers +0 .*\nPacked .* 0 .*\nCache mounts +0 /m);
  assert.match(await du("until=0s"), /^Images +1 .*\nLayers +2 .*\nPacked .*\nCache mounts +1 /m);
  const wrong = await rig.slipway(["du", "--filter", "inuse=true"]);
  assert.equal(wrong.exitCode, 2);
  assert.match(
    wrong.stderr,
    /"inuse=true": unknown filter\nhint: filters are until=AGE, unused-for=AGE, type=regular and type=exec.cachemount\n$/,
  );

  const removed =
    /^TYPE .*\nlayer +\w{12} +main of \S+context +2B .*\ncache mount +\/c +.*\n\n0 untagged images, \d cache records?, 1 layer,/;
  const preview = await rig.slipway(["prune", "--verbose", "--cache-mounts", "--dry-run"]);
  assert.match(preview.stdout, removed);
  const pruned = await rig.slipway(["prune", "--verbose", "--cache-mounts", "--force"]);
  assert.match(pruned.stdout, removed);
  const again = await rig.slipway(["prune", "--verbose", "--force"]);
  assert.equal(
    again.stdout,
    "0 untagged images, 0 cache records, 0 layers, 0 blobs\nTotal reclaimed space: 0B\n",
  );
});

test("prune --verbose names images as the list of images does", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nLABEL a=1\n");
  await rig.mustBuild("-t", "app", "-o", `type=docker,dest=${path.join(rig.dir, "app.tar")}`);
  const id = (await rig.slipway(["images", "--quiet", "app"])).stdout.trim();
  rig.file("Dockerfile", "FROM busybox\nLABEL a=2\n");
  await rig.mustBuild("-t", "app");
  for (const how of ["--dry-run", "--force"]) {
    const { stdout } = await rig.slipway(["prune", "--verbose", how]);
    assert.match(stdout, new RegExp(`^image +${id}$`, "m"));
  }
});

test("prune removes nothing without --force where nobody can be asked", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo x > /x\n");
  await rig.mustBuild("-o", "type=cacheonly");
  for (const input of ["", "y\n"]) {
    const refused = await rig.slipway(["prune", "--all"], { input });
    assert.deepEqual(refused, {
      exitCode: 2,
      stdout: "",
      stderr:
        "ERROR: Cannot ask whether to prune: standard input is no terminal\n" +
        "hint: remove without a question with --force, or look first with --dry-run\n",
    });
  }
  assert.match((await rig.mustBuild()).stderr, /1 step cached/);
});

test("prune --target gives up the results of one stage, and no image", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "FROM busybox AS builder\nRUN echo b > /b\nFROM busybox AS final\nRUN echo f > /f\n",
  );
  await rig.mustBuild("-t", "app");
  await rig.mustBuild("--target", "builder", "-o", "type=cacheonly");
  const pruned = await rig.slipway(["prune", "--force", "--target", "builder"]);
  assert.match(pruned.stdout, /^0 untagged images, 1 cache record, 1 layer, /m);
  const again = await rig.mustBuild("-t", "app");
  assert.match(again.stderr, /^Target final is up to date: 1 steps? cached/m);
  const builder = await rig.mustBuild("--target", "builder", "-o", "type=cacheonly");
  assert.match(builder.stderr, /why: pruned/);
});

test("prune --project leaves other projects alone", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo one > /one\n");
  rig.file("other/Dockerfile", "FROM busybox\nRUN echo two > /two\n");
  await rig.mustBuild("-o", "type=cacheonly");
  const other = `${rig.contextDir}/other`;
  await rig.slipway(["build", "-o", "type=cacheonly", other]);
  await rig.slipway(["prune", "--force", "--project", "context/other"]);
  assert.equal((await rig.slipway(["plan", rig.contextDir])).exitCode, 0);
  assert.equal((await rig.slipway(["plan", other])).exitCode, 2);
});

test("prune --cache-mounts empties what no step uses", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN --mount=type=cache,target=/c echo x > /c/x\n");
  await rig.mustBuild("-t", "app");
  const recent = await rig.slipway(["prune", "-f", "--cache-mounts", "--older-than", "1h"]);
  assert.doesNotMatch(recent.stdout, /cache mount/, "it was used just now");
  const pruned = await rig.slipway(["prune", "-f", "--cache-mounts"]);
  assert.match(pruned.stdout, /, 1 cache mount$/m);
  assert.equal((await usageOf(rig)).mounts[0]?.sizeBytes, 0);
  const again = await rig.mustBuild("--no-cache", "-t", "app");
  assert.match(again.stderr, /1 steps? run/);
});

test("a budget is kept by builds that run steps, and costs no image its layers", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const env = { SLIPWAY_KEEP_STORAGE: "1MB" };
  rig.file("compose.yaml", "services: {app: {image: app, build: .}}");
  const slipway = async (number: number, ...args: string[]) => {
    rig.file("Dockerfile", `FROM busybox\nRUN head -c ${2 * megabyte} /dev/zero > /x; echo ${number}\n`);
    const result = await rig.slipway(args, { env, cwd: rig.contextDir });
    assert.equal(result.exitCode, 0, result.stderr);
  };
  const build = (number: number, ...args: string[]) => slipway(number, "build", ...args, ".");
  await build(1, "-t", "app");
  await build(2, "-o", "type=cacheonly");
  rmSync(`${rig.root}/collected`); // as if ten minutes had gone by
  await build(3, "-o", "type=cacheonly");
  const layers = async () => (await usageOf(rig)).stages.find(({ stage }) => stage !== undefined)?.layers;
  assert.equal(await layers(), 2, "the image's, and what the last build made");
  assert.equal((await rig.slipway(["run", "--rm", "app", "true"])).exitCode, 0);
  rmSync(`${rig.root}/collected`);
  await slipway(4, "compose", "build");
  assert.equal(await layers(), 2, "those of both images that were app");
  rmSync(`${rig.root}/collected`);
  await build(5, "-o", "type=cacheonly");
  rmSync(`${rig.root}/collected`);
  await slipway(6, "compose", "up", "--no-start");
  assert.equal(await layers(), 3, "those of three images that were app");
});
