import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { GitServer } from "../../src/source/testing/git-server.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

test("ADD of a URL makes a file of mode 0600 with the server's time", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await FileServer.start(t);
  const lastModified = "Tue, 14 Nov 2023 22:13:20 GMT";
  server.files.set("/dir/file%20name.txt", { body: "hello", headers: { "last-modified": lastModified } });
  server.files.set("/", { body: "index" });
  rig.file(
    "Dockerfile",
    [
      "FROM busybox",
      `ADD ["${server.url}/dir/file%20name.txt", "/x/"]`,
      `ADD --chown=1000:1001 --chmod=640 ${server.url}/ /y/`,
      `ADD ${server.url}/ /z`,
    ].join("\n"),
  );
  const tree = await rig.exportTree();
  const file = path.join(tree, "x/file name.txt");
  assert.equal(readFileSync(file, "utf8"), "hello");
  const { mode, mtimeMs, uid } = statSync(file);
  assert.deepEqual([mode & 0o7777, mtimeMs, uid], [0o600, Date.parse(lastModified), 0]);
  const index = statSync(path.join(tree, "y/__unnamed__"));
  assert.deepEqual([index.mode & 0o7777, index.uid, index.gid, index.mtimeMs], [0o640, 1000, 1001, 0]);
  assert.equal(readFileSync(path.join(tree, "z"), "utf8"), "index");
});

test("a file is fetched again only when it changed, and the miss says so", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await FileServer.start(t);
  server.files.set("/file", { body: "one" });
  rig.file("Dockerfile", `FROM busybox\nADD ${server.url}/file /file\nRUN cp /file /copy\n`);
  assert.match((await rig.mustBuild()).stderr, /2 steps run/);
  assert.match((await rig.mustBuild()).stderr, /2 steps cached/);
  assert.deepEqual(server.statuses("/file"), ["GET 200", "HEAD 304"]);
  server.files.set("/file", { body: "two" });
  const changed = await rig.mustBuild();
  assert.match(changed.stderr, /2 steps run/);
  assert.ok(changed.stderr.includes(`why: ${server.url}/file changed`), changed.stderr);
  assert.equal(readFileSync(path.join(await rig.exportTree(), "copy"), "utf8"), "two");
});

test("with a checksum the network is asked once, and wrong bytes are refused", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await FileServer.start(t);
  server.files.set("/file", { body: "one" });
  const add = (checksum: string) =>
    rig.file("Dockerfile", `FROM busybox\nADD --checksum=${checksum} ${server.url}/file /file\n`);
  add(sha256("one"));
  assert.match((await rig.mustBuild()).stderr, /1 step run/);
  assert.match((await rig.mustBuild("--no-cache")).stderr, /1 step run/);
  assert.deepEqual(server.statuses("/file"), ["GET 200"]);
  add(sha256("two"));
  const refused = await rig.build();
  assert.equal(refused.exitCode, 8);
  const message = `digest mismatch for ${server.url}/file: ${sha256("one")} (expected: ${sha256("two")})`;
  assert.ok(refused.stderr.includes(message), refused.stderr);
  assert.match(refused.stderr, /Dockerfile:2/);
});

test("--unpack decides whether an archive is unpacked, local or not", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await FileServer.start(t);
  const tar = path.join(rig.contextDir, "a.tar.gz");
  writeFileSync(path.join(rig.dir, "inside"), "inside\n");
  execFileSync("tar", ["-czf", tar, "-C", rig.dir, "inside"]);
  server.files.set("/a.tar.gz", { body: readFileSync(tar) });
  const url = `${server.url}/a.tar.gz`;
  rig.file(
    "Dockerfile",
    [
      "FROM busybox",
      `ADD ${url} /remote/`,
      `ADD --unpack=true ${url} /remote-unpacked/`,
      "ADD a.tar.gz /local/",
      "ADD --unpack=false a.tar.gz /local-kept/",
    ].join("\n"),
  );
  const tree = await rig.exportTree();
  const names = ["remote", "remote-unpacked", "local", "local-kept"].map((name) =>
    readdirSync(path.join(tree, name)),
  );
  assert.deepEqual(names, [["a.tar.gz"], ["inside"], ["inside"], ["a.tar.gz"]]);
});

test("ADD of a repository checks out a ref, a directory of it and its submodules", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await GitServer.start(t);
  const library = await server.repository("library");
  await library.commit({ "lib.c": "lib\n" });
  const repository = await server.repository("project");
  await repository.commit({ "a.txt": "old\n", "dir/deep/f": "f\n" });
  await repository.git("submodule", "--quiet", "add", library.url, "lib");
  const first = await repository.commit({}, "submodule");
  await repository.git("tag", "-a", "v1", "-m", "v1");
  await repository.git("push", "-q", "origin", "v1");
  await repository.commit({ "a.txt": "new\n" });
  rig.file(
    "Dockerfile",
    [
      "FROM busybox",
      `ADD ${repository.url} /main`,
      `ADD ${repository.url}#v1:dir /tag/`,
      `ADD --keep-git-dir=true ${repository.url}?ref=v1&submodules=false /kept`,
      `ADD ${repository.url}#${first} /commit`,
      `ADD --chown=1000 --checksum=${first} ${repository.url}#v1 /summed`,
    ].join("\n"),
  );
  const tree = await rig.exportTree();
  const read = (name: string) => readFileSync(path.join(tree, name), "utf8");
  assert.deepEqual(readdirSync(path.join(tree, "main")).sort(), [".gitmodules", "a.txt", "dir", "lib"]);
  assert.deepEqual(readdirSync(path.join(tree, "main/lib")), ["lib.c"]);
  assert.deepEqual([read("main/a.txt"), read("tag/deep/f"), read("commit/a.txt")], ["new\n", "f\n", "old\n"]);
  assert.equal(statSync(path.join(tree, "summed/a.txt")).uid, 1000);
  assert.equal(statSync(path.join(tree, "main/a.txt")).mtimeMs, 1_700_000_000_000);
  assert.deepEqual(readdirSync(path.join(tree, "kept/lib")), []);
  const kept = path.join(tree, "kept");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "safe.directory=*", "-C", kept, ...args], { encoding: "utf8" }).trim();
  assert.equal(git("rev-parse", "HEAD"), first);
  assert.equal(git("describe", "--tags"), "v1");
  assert.equal(git("remote", "get-url", "origin"), repository.url);
  assert.equal(existsSync(path.join(kept, ".git/hooks")), false);
});

test("a branch is asked for again, a commit never, and a miss names both commits", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await GitServer.start(t);
  const repository = await server.repository("project");
  const first = await repository.commit({ file: "one\n" });
  const add = (ref: string) => rig.file("Dockerfile", `FROM busybox\nADD ${repository.url}#${ref} /src\n`);
  add("main");
  assert.match((await rig.mustBuild()).stderr, /1 step run/);
  assert.match((await rig.mustBuild()).stderr, /1 step cached/);
  const second = await repository.commit({ file: "two\n" });
  const moved = await rig.mustBuild();
  const reason = `why: ref main moved ${first.slice(0, 7)}→${second.slice(0, 7)}`;
  assert.ok(moved.stderr.includes(reason), moved.stderr);
  add(first);
  const asked = server.requests.length;
  assert.match((await rig.mustBuild()).stderr, /1 step (run|cached)/);
  assert.equal(server.requests.length, asked);
  assert.equal(readFileSync(path.join(await rig.exportTree(), "src/file"), "utf8"), "one\n");
});

test("a private repository is opened by a token that no layer, log or record holds", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await GitServer.start(t);
  const repository = await server.repository("private");
  await repository.commit({ file: "private\n" });
  const token = "t0ken-of-the-test";
  server.authorization = `basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  rig.file("Dockerfile", `FROM busybox\nADD --keep-git-dir=true ${repository.url} /src\n`);
  const refused = await rig.build();
  assert.equal(refused.exitCode, 7);
  assert.match(refused.stderr, /failed to fetch remote .*private\.git/);
  assert.match(refused.stderr, /--secret id=GIT_AUTH_TOKEN,env=NAME/);
  rig.file("../token", `${token}\n`);
  const secret = `id=GIT_AUTH_TOKEN,src=${path.join(rig.dir, "token")}`;
  const built = await rig.mustBuild("--secret", secret);
  assert.doesNotMatch(built.stderr, new RegExp(token));
  const found = execFileSync("sh", [
    "-c",
    `grep -rlaF -e '${token}' -e '${Buffer.from(`x-access-token:${token}`).toString("base64")}' '${rig.root}' || true`,
  ]);
  assert.equal(found.toString(), "");
});

test("a ref that is not there, and a directory that is not there, are named", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await GitServer.start(t);
  const repository = await server.repository("project");
  const commit = await repository.commit({ file: "one\n" });
  const failure = async (source: string) => {
    rig.file("Dockerfile", `FROM busybox\nADD ${source} /src\n`);
    const { exitCode, stderr } = await rig.build();
    return `${exitCode} ${/^(?:ERROR: |error: )?.*?((?:repository does|failed to open|expected checksum).*)$/m.exec(stderr)?.[1] ?? stderr}`;
  };
  assert.match(
    await failure(`${repository.url}#nope`),
    /^4 repository does not contain ref nope, output: ""/,
  );
  assert.match(await failure(`${repository.url}#--upload-pack=x`), /^4 repository does not contain ref/);
  assert.match(
    await failure(`${repository.url}#main:nope`),
    /^4 failed to open subdir nope: no such file or directory/,
  );
  assert.match(
    await failure(`${repository.url}?ref=main&checksum=abc`),
    new RegExp(`^8 expected checksum to match abc, got ${commit}`),
  );
});
