import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { GitServer } from "../../src/source/testing/git-server.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

const copyAll = "FROM scratch\nCOPY . /\n";

/** A rig whose context directory holds a Dockerfile, one in a subdirectory and an ignore file, and the tar of it. */
function withArchive(rig: Rig, ...options: string[]): Buffer {
  rig.file("Dockerfile", copyAll);
  rig.file("sub/Dockerfile", "FROM scratch\nCOPY f /only\n");
  rig.file(".dockerignore", "f\n");
  rig.file("f", "f", 0o640);
  return execFileSync("tar", ["-C", rig.contextDir, "--owner=12", "--group=34", ...options, "-c", "."]);
}

/** Builds what `context` stands for, and returns the exported tree. */
async function exported(rig: Rig, context: string, args: string[] = [], input?: Uint8Array): Promise<string> {
  const dest = path.join(rig.dir, `tree-${readdirSync(rig.dir).length}`);
  const tar = `${dest}.tar`;
  const all = ["build", "--progress=plain", "-o", `type=tar,dest=${tar}`, ...args, context];
  const { exitCode, stderr } = await rig.slipway(all, input ? { input } : {});
  assert.equal(exitCode, 0, stderr);
  execFileSync("mkdir", [dest]);
  execFileSync("tar", ["--numeric-owner", "-xpf", tar, "-C", dest]);
  return dest;
}

test("a tar on standard input is the context, compressed or not, with its owners and without its ignore file", {
  skip,
}, async (t) => {
  const rig = Rig.create(t);
  for (const options of [[], ["-z"], ["-j"], ["-J"], ["--zstd"]]) {
    const tree = await exported(rig, "-", [], withArchive(rig, ...options));
    assert.deepEqual(readdirSync(tree), [".dockerignore", "Dockerfile", "f", "sub"]);
    const { uid, gid, mode } = lstatSync(path.join(tree, "f"));
    assert.deepEqual([uid, gid, mode & 0o777], [12, 34, 0o640]);
  }
  const tree = await exported(rig, "-", ["-f", "sub/Dockerfile"], withArchive(rig));
  assert.deepEqual(readdirSync(tree), ["only"]);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

test("a step over an archive's files is cached by what it reads", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const build = async () => {
    const input = execFileSync("tar", ["-C", rig.contextDir, "-c", "."]);
    return (await rig.slipway(["build", "--progress=plain", "-"], { input })).stderr;
  };
  rig.file("Dockerfile", "FROM busybox\nCOPY f /f\nRUN cat /f\n");
  rig.file("f", "1");
  await build();
  rig.file("other", "2");
  const again = await build();
  assert.match(again, /CACHED \[2\/3\] COPY f \/f|\[2\/3\] COPY f \/f\n#\d+ CACHED/);
  assert.match(again, /\[3\/3\] RUN cat \/f\n#\d+ CACHED/);
});

test("an archive that leads out of its root leads nowhere", { skip }, async (t) => {
  const rig = Rig.create(t);
  const secret = path.join(rig.dir, "secret");
  writeFileSync(secret, "secret");
  symlinkSync(secret, path.join(rig.contextDir, "Dockerfile"));
  const tar = (...names: string[]) =>
    execFileSync("tar", ["-C", rig.contextDir, "-P", "-c", ...names], {
      stdio: ["ignore", "pipe", "ignore"],
    });
  const linked = await rig.slipway(["build", "-"], { input: tar("Dockerfile") });
  assert.equal(linked.exitCode, 4);
  assert.match(linked.stderr, /failed to read dockerfile: open Dockerfile: no such file or directory/);
  const up = await rig.slipway(["build", "-f", "../../../../../etc/hostname", "-"], {
    input: tar("Dockerfile"),
  });
  assert.equal(up.exitCode, 4);
  rig.file("D", copyAll);
  const climbing = await rig.slipway(["build", "-f", "D", "-o", "out", "-"], {
    input: tar("D", "../secret"),
  });
  assert.equal(existsSync(path.join(rig.root, "tmp", "secret")), false);
  assert.ok(climbing.exitCode !== 0 || readFileSync(path.join(rig.dir, "out/secret"), "utf8") === "secret");
});

test("an archive that is cut off fails the build and leaves nothing behind", { skip }, async (t) => {
  const rig = Rig.create(t);
  const input = withArchive(rig, "-z").subarray(0, 150);
  const { exitCode, stderr } = await rig.slipway(["build", "-"], { input });
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /unexpected end of file|Cannot/);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

test("a URL is an archive or a Dockerfile, by its bytes", { skip }, async (t) => {
  const rig = Rig.create(t);
  const server = await FileServer.start(t);
  server.files.set("/any", { body: withArchive(rig, "-z") });
  assert.deepEqual(readdirSync(await exported(rig, `${server.url}/any`)), [
    ".dockerignore",
    "Dockerfile",
    "f",
    "sub",
  ]);
  const named = await exported(rig, `${server.url}/any`, ["-f", "sub/Dockerfile"]);
  assert.deepEqual(readdirSync(named), ["only"]);
  const fromStdin = await exported(
    rig,
    `${server.url}/any`,
    ["-f", "-"],
    Buffer.from("FROM scratch\nCOPY sub /s/\n"),
  );
  assert.deepEqual(readdirSync(path.join(fromStdin, "s")), ["Dockerfile"]);
  server.files.set("/file", { body: "FROM scratch\nCOPY <<a /a\n1\na\n" });
  assert.deepEqual(readdirSync(await exported(rig, `${server.url}/file`)), ["a"]);
  const missing = await rig.slipway(["build", `${server.url}/missing`]);
  assert.equal(missing.exitCode, 4);
});

test("a repository is a context at a ref and in a subdirectory, with .git where that is asked for", {
  skip,
}, async (t) => {
  const rig = Rig.create(t);
  const server = await GitServer.start(t);
  const repository = await server.repository("app");
  await repository.commit({
    Dockerfile: copyAll,
    f: "1",
    ".dockerignore": "f",
    "sub/Dockerfile": copyAll,
    "sub/g": "g",
  });
  await repository.git("tag", "v1");
  await repository.git("push", "-q", "origin", "v1");
  await repository.commit({ f: "2" });
  const url = repository.url;
  const tree = await exported(rig, url);
  assert.deepEqual(readdirSync(tree), [".dockerignore", "Dockerfile", "f", "sub"]);
  assert.equal(readFileSync(path.join(tree, "f"), "utf8"), "2");
  assert.equal(readFileSync(path.join(await exported(rig, `${url}#v1`), "f"), "utf8"), "1");
  assert.deepEqual(readdirSync(await exported(rig, `${url}#main:sub`)), ["Dockerfile", "g"]);
  const kept = await exported(rig, url, ["--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1"]);
  assert.ok(existsSync(path.join(kept, ".git/HEAD")));
});

test("a repository is asked once in a build, and files and Dockerfile are of one commit", {
  skip,
}, async (t) => {
  const rig = Rig.create(t);
  const server = await GitServer.start(t);
  const repository = await server.repository("app");
  await repository.commit({ Dockerfile: "FROM scratch\nCOPY f /f\n", f: "1" });
  await exported(rig, repository.url);
  const before = server.requests.length;
  const { stderr } = await rig.slipway(["build", "--progress=plain", repository.url]);
  assert.match(stderr, /COPY f \/f\n#\d+ CACHED/);
  assert.equal(
    server.requests.slice(before).filter(({ path: asked }) => asked.endsWith("/info/refs")).length,
    1,
  );
});

test("repositories and files of the network are named contexts", { skip }, async (t) => {
  const rig = Rig.create(t);
  const [git, http] = [await GitServer.start(t), await FileServer.start(t)];
  const repository = await git.repository("lib");
  await repository.commit({ "src/a": "a", b: "b" });
  http.files.set("/data/file.txt", { body: "text" });
  rig.file("Dockerfile", "FROM lib\nCOPY --from=lib src /copied/\nCOPY --from=data / /data/\n");
  const args = [
    "--build-context",
    `lib=${repository.url}`,
    "--build-context",
    `data=${http.url}/data/file.txt`,
  ];
  const tree = await rig.exportTree(...args);
  assert.deepEqual(readdirSync(tree), ["b", "copied", "data", "src"]);
  assert.deepEqual(readdirSync(path.join(tree, "copied")), ["a"]);
  assert.equal(readFileSync(path.join(tree, "data/file.txt"), "utf8"), "text");
});

test("--check and plan read the Dockerfile of a remote context", { skip }, async (t) => {
  const rig = Rig.create(t);
  const server = await GitServer.start(t);
  const repository = await server.repository("app");
  await repository.commit({ Dockerfile: "FROM scratch as x\nCOPY f /f\n", f: "1" });
  const check = await rig.slipway(["build", "--check", repository.url]);
  assert.match(check.stdout, /FromAsCasing/);
  const plan = await rig.slipway(["plan", repository.url]);
  assert.match(plan.stdout, /COPY f \/f/);
});
