import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

/** A directory beside the context. */
function directory(rig: Rig, name: string, files: Record<string, string>): string {
  const dir = path.join(rig.dir, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), text);
  }
  return dir;
}

test("a named directory is copied from, mounted and built on, each behind its own ignore file", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const assets = directory(rig, "assets", {
    "a.txt": "a",
    "sub/b.txt": "b",
    ignored: "i",
    ".dockerignore": "ignored\n",
    "Dockerfile.dockerignore": "a.txt\n",
  });
  rig.file(".dockerignore", "sub\n");
  rig.file(
    "Dockerfile",
    `FROM assets AS base
FROM busybox
COPY --from=assets . /copied/
COPY --from=base /sub /based/
RUN --mount=from=assets,target=/m ls -A /m > /listed; stat -c %u /m/a.txt > /owner
`,
  );
  const tree = await rig.exportTree("--build-context", `assets=${assets}`);
  const visible = [".dockerignore", "Dockerfile.dockerignore", "a.txt", "sub"];
  assert.deepEqual(readdirSync(path.join(tree, "copied")), visible);
  assert.equal(readFileSync(path.join(tree, "listed"), "utf8"), `${visible.join("\n")}\n`);
  assert.equal(readFileSync(path.join(tree, "owner"), "utf8"), "0\n");
  assert.equal(readFileSync(path.join(tree, "based/b.txt"), "utf8"), "b");
});

test("only the content of a named directory counts for the cache", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const one = directory(rig, "one", { "x/f": "same", other: "1" });
  const two = directory(rig, "two", { "x/f": "same", other: "2" });
  rig.file("Dockerfile", "FROM busybox\nCOPY --from=files x/f /f\nRUN cat /f\n");
  await rig.mustBuild("--build-context", `files=${one}`);
  assert.match((await rig.mustBuild("--build-context", `files=${two}`)).stderr, /2 steps cached/);
  writeFileSync(path.join(two, "x/f"), "other");
  assert.match((await rig.mustBuild("--build-context", `files=${two}`)).stderr, /2 steps run/);
});

test("a named context takes the place of a stage, whose steps do not run", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const ready = directory(rig, "ready", { app: "ready" });
  rig.file("Dockerfile", "FROM busybox AS build\nRUN false\nFROM scratch\nCOPY --from=build /app /app\n");
  const tree = await rig.exportTree("--build-context", `build=${ready}`);
  assert.equal(readFileSync(path.join(tree, "app"), "utf8"), "ready");
});

test("an image, scratch, another stage and an OCI layout take the place of an image", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM alpine:latest\nCOPY --from=docker.io/library/tools /bin/sh /sh\n");
  const image = await rig.exportTree(
    "--build-context",
    "alpine=docker-image://busybox",
    "--build-context",
    "tools=docker-image://busybox:latest",
  );
  assert.ok(existsSync(path.join(image, "bin/busybox")));
  assert.ok(lstatSync(path.join(image, "sh")));

  rig.file(
    "Dockerfile",
    "FROM scratch AS made\nCOPY Dockerfile /made\nFROM alpine\nCOPY --from=tools /made /tool\n",
  );
  const stage = await rig.exportTree(
    "--build-context",
    "alpine=docker-image://scratch",
    "--build-context",
    "tools=target:made",
  );
  assert.deepEqual(readdirSync(stage), ["tool"]);

  const layout = path.join(rig.dir, "layout");
  mkdirSync(layout);
  await rig.mustBuild("--target", "made", "-o", `type=oci,dest=${layout}.tar`, "-t", "app:v1");
  execFileSync("tar", ["-xf", `${layout}.tar`, "-C", layout]);
  rig.file("Dockerfile", "FROM base\nCOPY --from=base /made /copy\n");
  for (const suffix of ["", ":v1", `@${digestIn(layout)}`]) {
    const tree = await rig.exportTree("--build-context", `base=oci-layout://${layout}${suffix}`);
    assert.deepEqual(readdirSync(tree), ["copy", "made"]);
  }
});

function digestIn(layout: string): string {
  const { manifests } = JSON.parse(readFileSync(path.join(layout, "index.json"), "utf8")) as {
    manifests: [{ digest: string }];
  };
  return manifests[0].digest;
}

test("a context for one platform counts for that platform only, and more than one for all", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const [host, other] = [directory(rig, "host", { f: "host" }), directory(rig, "other", { f: "other" })];
  const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as "x64"] ?? "amd64";
  rig.file("Dockerfile", "FROM scratch\nCOPY --from=files f /f\n");
  const tree = await rig.exportTree(
    "--build-context",
    `files=${other}`,
    "--build-context",
    "files::linux/s390x=docker-image://nowhere.invalid/x",
    "--build-context",
    `files::linux/${architecture}=${host}`,
  );
  assert.equal(readFileSync(path.join(tree, "f"), "utf8"), "host");
});

test("a Compose service is built on the image of another one, which is built before", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("base/Dockerfile", "FROM busybox\nRUN echo base > /made\n");
  rig.file("web/Dockerfile", "FROM base\nCOPY --from=assets f /f\nRUN cat /made /f > /all\nCMD cat /all\n");
  rig.file("assets/f", "asset\n");
  rig.file(
    "compose.yaml",
    `services:
  web: {build: {context: web, additional_contexts: {base: "service:base", assets: ./assets}}}
  base: {build: base}
`,
  );
  const { exitCode, stdout, stderr } = await rig.slipway(["compose", "run", "web"], { cwd: rig.contextDir });
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, "base\nasset\n");
});

test("pull asks no registry for the image of a Compose service", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("own/Dockerfile", "FROM scratch\nCOPY f /f\n");
  rig.file("own/f", "own\n");
  rig.file("web/Dockerfile", "FROM base\n");
  rig.file(
    "compose.yaml",
    `services:
  web: {build: {context: web, pull: true, additional_contexts: {base: "service:own"}}}
  own: {image: "nowhere.invalid/own", build: own}
`,
  );
  const { exitCode, stderr } = await rig.slipway(["compose", "build", "web"], { cwd: rig.contextDir });
  assert.equal(exitCode, 0, stderr);
});

test("contexts that cannot be used are refused with their name", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM x\n");
  const refused = async (context: string) => (await rig.build("--build-context", context)).stderr;
  assert.match(await refused("x"), /invalid context value: x, expected key=value/);
  assert.match(
    await refused("X=dir"),
    /invalid context name X: invalid reference format: repository name \(library\/X\) must be lowercase/,
  );
  assert.match(
    await refused("x=/nowhere"),
    /failed to get build context x: stat \/nowhere: no such file or directory/,
  );
  assert.match(await refused("x=target:y"), /Dockerfile:1[\s\S]*failed to find target y for context x/);
  assert.match(
    await refused(`x=oci-layout://${rig.dir}`),
    /Cannot use OCI layout ".*": it has no file "index.json"/,
  );
});

test("a Dockerfile from standard input has an empty context, of which nothing is left", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("elsewhere", "never seen");
  const build = (input: string) =>
    rig.slipway(["build", "--progress=plain", "-"], { input, cwd: rig.contextDir });
  const shown = "RUN --mount=target=/c echo [$(ls -A /c /x)]\n";
  const { exitCode, stderr } = await build(`FROM busybox\nCOPY . /x/\nADD *.nothing /x/\n${shown}`);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /\[\/c: \/x:\]/);
  const missing = await build("FROM busybox\nRUN echo > /never\nCOPY elsewhere /x/\n");
  assert.equal(missing.exitCode, 4);
  const hint = "hint: the build context is empty: give a directory that holds it\n";
  assert.ok(
    missing.stderr.endsWith(
      `ERROR: failed to calculate checksum of ref context: "/elsewhere": not found\n${hint}`,
    ),
    missing.stderr,
  );
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});
