import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { busyboxRootfs, missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
const dockerfile =
  "FROM busybox AS tools\nRUN echo tool > /tool\nFROM busybox\nCOPY --from=tools /tool /tool\nRUN echo made > /made\n";

for (const format of ["docker", "oci"]) {
  test(`an image saved as ${format} and loaded again is the same and runs`, { skip }, async (t) => {
    const rig = await Rig.withBusybox(t);
    rig.file("Dockerfile", dockerfile);
    await rig.mustBuild("-t", "app:v1");
    const archive = path.join(rig.dir, "app.tar");
    assert.equal((await rig.slipway(["save", "--format", format, "-o", archive, "app:v1"])).exitCode, 0);
    const { stdout: id } = await rig.slipway(["images", "-q", "--no-trunc", "app:v1"]);

    const other = Rig.create(t);
    const loaded = await other.slipway(["load", "-i", archive]);
    assert.deepEqual(loaded, { exitCode: 0, stdout: "Loaded image: app:v1\n", stderr: "" });
    assert.equal((await other.slipway(["images", "-q", "--no-trunc"])).stdout, id);
    assert.equal((await other.slipway(["run", "app:v1", "cat", "/tool", "/made"])).stdout, "tool\nmade\n");
    assert.deepEqual(readdirSync(path.join(other.root, "tmp")), []);
  });
}

test("export writes the files of an image as one tar, to a file and to standard output", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", `${dockerfile}RUN rm /tool\n`);
  await rig.mustBuild("-t", "app:v1");
  const archive = path.join(rig.dir, "files.tar");
  const exported = await rig.slipway(["export", "-o", archive, "app:v1"]);
  assert.deepEqual(exported, { exitCode: 0, stdout: "", stderr: "" });
  const names = execFileSync("tar", ["-tf", archive], { encoding: "utf8" }).split("\n");
  assert.ok(names.includes("made") && names.includes("bin/busybox"), names.join());
  assert.ok(
    !names.some((name) => name.includes("tool") || name.includes(".wh.")),
    "a removed file is not there",
  );
  assert.equal(execFileSync("tar", ["-xOf", archive, "made"], { encoding: "utf8" }), "made\n");
  const piped = await rig.slipway(["export", "app:v1"]);
  assert.equal(piped.exitCode, 0);
  assert.ok(piped.stdout.length > 0);
  const absent = await rig.slipway(["export", "--platform", "linux/arm64", "-o", archive, "app:v1"]);
  assert.notEqual(absent.exitCode, 0);
  assert.match(absent.stderr, /Cannot use image .*app:v1 for platform linux\/arm64/);
});

for (const command of ["save", "export"]) {
  test(`an interrupt ends a ${command} whose reader takes nothing`, { skip }, async (t) => {
    const rig = await Rig.withBusybox(t);
    const child = spawn(process.execPath, [path.resolve("bin/slipway"), command, "busybox"], {
      env: { ...process.env, SLIPWAY_ROOT: rig.root },
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    child.stdout.once("readable", () => child.kill("SIGINT")); // and takes no more than what Node keeps of a stream
    const exited = once(child, "exit", { signal: AbortSignal.timeout(30_000) });
    assert.deepEqual(await exited, [130, null]);
    assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
  });
}

for (const reader of ["that nobody reads", "whose reader takes nothing"]) {
  test(`an interrupt ends a save to a named pipe ${reader}`, { skip }, async (t) => {
    const rig = await Rig.withBusybox(t);
    const pipe = path.join(rig.dir, "pipe");
    execFileSync("mkfifo", [pipe]);
    const isRead = reader !== "that nobody reads";
    if (isRead) {
      const idle = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      t.after(() => closeSync(idle));
    }
    const options = { interruptAfterMs: 1500, killAfterMs: 15_000 };
    const { exitCode } = await rig.slipway(["save", "-o", pipe, "busybox"], options);
    assert.equal(exitCode, 130);
    assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
  });
}

test("an archive saved to a named pipe is whole", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const [pipe, file] = [path.join(rig.dir, "pipe"), path.join(rig.dir, "file")];
  execFileSync("mkfifo", [pipe]);
  const read = readFile(pipe);
  assert.equal((await rig.slipway(["save", "-o", pipe, "busybox"])).exitCode, 0);
  assert.equal((await rig.slipway(["save", "-o", file, "busybox"])).exitCode, 0);
  assert.ok((await read).equals(readFileSync(file)));
});

test("a base image has its layers whatever its history tells of them", { skip }, async (t) => {
  const rig = Rig.create(t);
  const layer = readFileSync(busyboxRootfs());
  const config = {
    architecture: "amd64",
    os: "linux",
    config: { Env: ["PATH=/bin"] },
    history: [{ created_by: "odd", empty_layer: true }],
    rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(layer).digest("hex")}`] },
  };
  const image = { Config: "config.json", RepoTags: ["odd:1"], Layers: ["layer.tar"] };
  writeFileSync(path.join(rig.contextDir, "config.json"), JSON.stringify(config));
  writeFileSync(path.join(rig.contextDir, "manifest.json"), JSON.stringify([image]));
  writeFileSync(path.join(rig.contextDir, "layer.tar"), layer);
  const archive = path.join(rig.dir, "odd.tar");
  execFileSync("tar", ["-C", rig.contextDir, "-cf", archive, "config.json", "manifest.json", "layer.tar"]);
  assert.equal((await rig.slipway(["load", "-q", "-i", archive])).exitCode, 0);
  rig.file("Dockerfile", "FROM odd:1\nRUN echo made > /made\n");
  const tree = await rig.exportTree();
  assert.ok(existsSync(path.join(tree, "bin/busybox")));
  assert.ok(existsSync(path.join(tree, "made")));
});

test("what is no archive of images is refused", async (t) => {
  const rig = Rig.create(t);
  const missing = await rig.slipway(["load", "-i", "missing.tar"]);
  assert.equal(missing.exitCode, 2);
  assert.match(missing.stderr, /Cannot load "missing\.tar": no such file/);
  writeFileSync(path.join(rig.dir, "text.tar"), "x".repeat(2000));
  const text = await rig.slipway(["load", "-i", "text.tar"]);
  assert.equal(text.exitCode, 8);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

test("what is no tar of files is not imported, and is named", { skip }, async (t) => {
  const rig = Rig.create(t);
  const write = (name: string, bytes: string) => writeFileSync(path.join(rig.dir, name), bytes);
  write("empty.tar", "");
  write("text.tar", "hello\n");
  write("long.tar", "hello\n".repeat(1000));
  const table: [file: string, exitCode: number, message: RegExp][] = [
    ["empty.tar", 8, /^ERROR: Cannot import "empty.tar": it is empty\nhint: a tar without files /],
    ["text.tar", 8, /^ERROR: Cannot import "text.tar": Cannot read tar: it ends inside an entry\n$/],
    ["long.tar", 8, /^ERROR: Cannot import "long.tar": Cannot read tar header: /],
    ["-", 8, /^ERROR: Cannot import standard input: it is empty\n/],
    ["context", 2, /^ERROR: Cannot import "context": it is a directory\nhint: pipe a tar of it: /],
  ];
  for (const [file, exitCode, message] of table) {
    const refused = await rig.slipway(["import", file, "app"]);
    assert.match(refused.stderr, message);
    assert.equal(refused.exitCode, exitCode, file);
  }
  assert.equal((await rig.slipway(["images", "-q"])).stdout, "");
  write("none.tar", "\0".repeat(10240));
  assert.equal((await rig.slipway(["import", "none.tar", "app"])).exitCode, 0);
});

test("prune removes what no image needs, and the next build works", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  await rig.mustBuild("-t", "app");
  rig.file("Dockerfile", `${dockerfile}RUN echo more > /more\n`);
  await rig.mustBuild();
  const layers = () => readdirSync(path.join(rig.root, "layers")).length;
  assert.equal(layers(), 5);
  const preview = await rig.slipway(["prune", "--dry-run"]);
  assert.match(preview.stdout, /^1 untagged image, \d+ cache records?, 2 layers, .*\nWould reclaim: \d+B\n$/);
  assert.equal(layers(), 5);
  const pruned = await rig.slipway(["prune", "--force"]);
  assert.deepEqual(pruned, { ...preview, stdout: pruned.stdout });
  assert.match(pruned.stdout, /^1 untagged image, .* 2 layers, .*\nTotal reclaimed space: \d+B\n$/);
  assert.equal(layers(), 3, "the base and the two of app");
  assert.equal((await rig.slipway(["run", "app", "cat", "/tool", "/made"])).stdout, "tool\nmade\n");
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
  assert.match(
    (await rig.slipway(["prune", "--force"])).stdout,
    /^0 untagged images, 0 cache records, 0 layers, 0 blobs\n/,
  );

  rig.file("Dockerfile", dockerfile);
  await rig.mustBuild("-t", "app");
  await rig.slipway(["rmi", "app", "busybox"]);
  await rig.slipway(["prune", "--all", "--force"]);
  assert.equal(layers(), 0);
  assert.deepEqual(readdirSync(path.join(rig.root, "blobs/sha256")), []);
  assert.ok(existsSync(path.join(rig.root, "oci-layout")));
});

test("after a restart, layers are used that were synced; steps of others run again", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  await rig.mustBuild("-t", "app");
  const marks = path.join(rig.root, "synced.json");
  const layers = () => readdirSync(path.join(rig.root, "layers"));
  const asOfEarlierBoot = (file: string) =>
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/"[0-9a-f]{12}"/g, '"earlier boot"'));
  for (const layer of layers()) asOfEarlierBoot(path.join(rig.root, "layers", layer, "meta.json"));
  asOfEarlierBoot(marks);
  const before = layers();
  assert.match((await rig.mustBuild("-t", "app")).stderr, / is up to date: 3 steps cached/);
  assert.deepEqual(layers(), before);

  rmSync(marks); // as if the power had been cut before the sync
  const lost = await rig.slipway(["run", "app", "cat", "/made"]);
  assert.equal(lost.exitCode, 125);
  assert.match(
    lost.stderr,
    /Cannot use layer \w+: it is no longer in the store\nhint: build the image again\n$/,
  );
  await rig.slipway(["import", busyboxRootfs(), "busybox:latest"]);
  const again = await rig.mustBuild("-t", "app");
  assert.match(again.stderr, / 3 steps run, 0 cached/);
  assert.match(again.stderr, /^#\d+ why: not on disk when the machine restarted$/m);
  assert.equal((await rig.slipway(["run", "app", "cat", "/tool", "/made"])).stdout, "tool\nmade\n");
  await rig.slipway(["prune", "--force"]);
  assert.deepEqual(
    layers().filter((layer) => before.includes(layer)),
    [],
  );
});

test("prune refuses amounts that are none", async (t) => {
  const rig = Rig.create(t);
  for (const args of [
    ["--older-than", "soon"],
    ["--keep-storage", "much"],
  ]) {
    const { exitCode, stderr } = await rig.slipway(["prune", ...args]);
    assert.equal(exitCode, 2);
    assert.match(stderr, new RegExp(`Cannot parse ${args[0]} "${args[1]}"`));
  }
  assert.match(
    (await rig.slipway(["prune", "-f", "--keep-storage", "1GB"])).stdout,
    /Total reclaimed space: 0B\n$/,
  );
});

test("a store's index is a valid layout from the first moment", async (t) => {
  const rig = Rig.create(t);
  await rig.slipway(["images"]);
  const index = JSON.parse(readFileSync(path.join(rig.root, "index.json"), "utf8")) as object;
  assert.deepEqual(index, {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [],
  });
});
