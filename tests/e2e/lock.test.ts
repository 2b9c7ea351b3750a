import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FakeRegistry } from "../../src/registry/testing/fake-registry.ts";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { GitServer } from "../../src/source/testing/git-server.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

interface LockText {
  readonly images: Record<string, { digest: string; platforms: Record<string, string>; local?: boolean }>;
  readonly urls: Record<string, string>;
  readonly git: Record<string, string>;
}

const readLock = (rig: Rig) =>
  JSON.parse(readFileSync(path.join(rig.contextDir, "Dockerfile.lock"), "utf8")) as LockText;

test("URLs and git refs stay what they were locked to, until they are updated", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const [files, git] = [await FileServer.start(t), await GitServer.start(t)];
  const repository = await git.repository("project");
  const first = await repository.commit({ file: "one\n" });
  files.files.set("/file", { body: "one" });
  rig.file(
    "Dockerfile",
    [
      "FROM scratch AS unused",
      `ADD ${repository.url} /unused`,
      "FROM scratch",
      `ADD ${files.url}/file /file`,
      `ADD ${repository.url}#main /src`,
    ].join("\n"),
  );
  const locked = await rig.slipway(["lock", rig.contextDir]);
  assert.equal(locked.exitCode, 0, locked.stderr);
  assert.match(locked.stdout, /^locked http.*\/file sha256:/m);
  const lock = readLock(rig);
  assert.deepEqual(lock.git, { [repository.url]: first, [`${repository.url}#main`]: first });
  const second = await repository.commit({ file: "two\n" });
  files.files.set("/file", { body: "two" });
  rmSync(rig.root, { recursive: true });
  const refused = await rig.build();
  assert.equal(refused.exitCode, 8, "the bytes that were locked are nowhere any more");
  files.files.set("/file", { body: "one" });
  const read = async (name: string) => readFileSync(path.join(await rig.exportTree(), name), "utf8");
  assert.equal(await read("src/file"), "one\n");
  const frozen = await rig.build("--frozen");
  assert.equal(frozen.exitCode, 3);
  assert.ok(
    frozen.stderr.includes(`${repository.url}#main has moved since it was locked: ${first} → ${second}`),
    frozen.stderr,
  );
  const updated = await rig.slipway(["lock", "--update", `${repository.url}#main`, rig.contextDir]);
  assert.match(updated.stdout, new RegExp(`^updated ${repository.url}#main ${first} → ${second}$`, "m"));
  assert.deepEqual(readLock(rig).git, { [repository.url]: first, [`${repository.url}#main`]: second });
  assert.equal((await rig.build("--frozen")).exitCode, 0);
  assert.equal(await read("src/file"), "two\n");
  const asked = git.requests.length;
  await rig.mustBuild();
  assert.equal(git.requests.length, asked, "a locked build asks nobody");
});

test("--frozen names the line of a source that is not locked", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const files = await FileServer.start(t);
  files.files.set("/file", { body: "one" });
  rig.file("Dockerfile", `FROM busybox\nADD ${files.url}/file /file\n`);
  const nothing = await rig.build("--frozen");
  assert.equal(nothing.exitCode, 3);
  assert.match(nothing.stderr, /--frozen: docker\.io\/library\/busybox:latest is not in Dockerfile\.lock/);
  assert.match(nothing.stderr, /Dockerfile:1/);
  await rig.slipway(["lock", rig.contextDir]);
  assert.equal(readLock(rig).images["docker.io/library/busybox:latest"]?.local, true);
  assert.equal((await rig.build("--frozen")).exitCode, 0);
  const other = `${files.url}/other`;
  rig.file("Dockerfile", `FROM busybox\nADD ${other} /file\n`);
  const refused = await rig.build("--frozen");
  assert.ok(refused.stderr.includes(`--frozen: ${other} is not in Dockerfile.lock`), refused.stderr);
  assert.match(refused.stderr, /Dockerfile:2/);
});

test("a tag is taken as locked when it has moved in the registry, and --frozen tells", {
  skip,
}, async (t) => {
  const rig = Rig.create(t);
  const registry = await FakeRegistry.start({});
  t.after(() => registry[Symbol.asyncDispose]());
  const old = registry.addImage("app/base", "1.0", { layers: [] });
  const name = `${registry.host}/app/base:1.0`;
  rig.file("Dockerfile", `FROM ${name}\nLABEL a=b\n`);
  const locked = await rig.slipway(["lock", rig.contextDir]);
  assert.equal(locked.exitCode, 0, locked.stderr);
  const { digest, platforms } = readLock(rig).images[name]!;
  assert.equal(digest, old.manifest.digest);
  assert.deepEqual(Object.values(platforms), [old.manifest.digest]);
  const fresh = registry.addImage("app/base", "1.0", { layers: [Buffer.from("x")] });
  assert.notEqual(fresh.manifest.digest, old.manifest.digest);
  rmSync(rig.root, { recursive: true });
  const built = await rig.mustBuild("-t", "app");
  assert.equal(built.exitCode, 0);
  const frozen = await rig.build("--frozen");
  assert.equal(frozen.exitCode, 3);
  const message = `${name} has moved since it was locked: ${old.manifest.digest} → ${fresh.manifest.digest}`;
  assert.ok(frozen.stderr.includes(message), frozen.stderr);
  assert.match(
    (await rig.slipway(["lock", rig.contextDir])).stdout,
    /Dockerfile\.lock is up to date: 1 source$/m,
  );
  const updated = await rig.slipway(["lock", "--update", rig.contextDir]);
  assert.match(
    updated.stdout,
    new RegExp(`^updated ${name} \\(linux/\\w+\\) ${old.manifest.digest} → `, "m"),
  );
  assert.equal((await rig.build("--frozen")).exitCode, 0);
});

test("a lock that is none is an error, and so is a name to update that no stage has", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\n");
  const unknown = await rig.slipway(["lock", "--update", "busibox", rig.contextDir]);
  assert.equal(unknown.exitCode, 3);
  assert.match(unknown.stderr, /Cannot update busibox: no stage names it/);
  const lock = path.join(rig.contextDir, "Dockerfile.lock");
  for (const [text, reason] of [
    ["{", /Cannot use lock file "Dockerfile\.lock": /],
    ['{"version": 2}', /expected version 1, got 2/],
    [
      '{"version": 1, "images": {"a": {"digest": "x", "platforms": {}}}, "urls": {}, "git": {}}',
      /Cannot parse digest "x"/,
    ],
  ] as const) {
    writeFileSync(lock, text);
    const { exitCode, stderr } = await rig.build();
    assert.equal(exitCode, 3);
    assert.match(stderr, reason);
  }
  rmSync(lock);
  assert.equal((await rig.build()).exitCode, 0);
});
