import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, mountsBelow, Rig, run } from "./rig.ts";

const skip = missingForContainers();

const multiStage = `
FROM busybox AS stage
WORKDIR /app
COPY shared.txt .

FROM stage AS develop
RUN echo develop > /app/develop.txt

FROM stage AS production
RUN cat shared.txt > production.txt
CMD ["cat", "production.txt"]
`;

test("a target builds the stages it needs, and says which it skipped", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", multiStage);
  rig.file("shared.txt", "shared\n");
  const production = await rig.mustBuild("--target", "production", "-t", "app");
  assert.match(production.stderr, /skipped: develop/);
  assert.doesNotMatch(production.stderr, /\[develop /);
  const tree = await rig.exportTree("--target", "production");
  assert.equal(readFileSync(path.join(tree, "app/production.txt"), "utf8"), "shared\n");
  assert.equal(existsSync(path.join(tree, "app/develop.txt")), false);
});

test("without a target the last stage is built", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", multiStage);
  rig.file("shared.txt", "shared\n");
  const tree = await rig.exportTree();
  assert.ok(existsSync(path.join(tree, "app/production.txt")));
});

test("a second build runs no step; a touched file changes nothing; an edited one runs what follows", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo one > /one\nCOPY file /file\nRUN cat /file > /two\n");
  const file = rig.file("file", "1");
  assert.match((await rig.mustBuild()).stderr, /3 steps run/);
  assert.match((await rig.mustBuild()).stderr, /3 steps cached/);
  utimesSync(file, 1, 1);
  assert.match((await rig.mustBuild()).stderr, /3 steps cached/);
  rig.file("file", "2");
  const edited = await rig.mustBuild();
  assert.match(edited.stderr, /2 steps run, 1 (step )?cached/);
  const tree = await rig.exportTree();
  assert.equal(readFileSync(path.join(tree, "two"), "utf8"), "2");
});

test("a chmod of a copied file is a change", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nCOPY file /file\n");
  rig.file("file", "1");
  await rig.mustBuild();
  const tree = await rig.exportTree();
  assert.equal(statSync(path.join(tree, "file")).mode & 0o777, 0o644);
  const { chmodSync } = await import("node:fs");
  chmodSync(path.join(rig.contextDir, "file"), 0o755);
  assert.match((await rig.mustBuild()).stderr, /1 step run/);
  assert.equal(statSync(path.join(await rig.exportTree(), "file")).mode & 0o777, 0o755);
});

test("what a RUN removes is gone, and the sandbox leaves no trace", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "FROM busybox\nRUN mkdir /d && echo x > /d/x\nRUN rm /d/x && rm -r /home\nRUN rm -r /d && mkdir /d && echo y > /d/y\n",
  );
  const tree = await rig.exportTree();
  assert.deepEqual(readdirSync(path.join(tree, "d")), ["y"]);
  assert.deepEqual(readdirSync(path.join(tree, "dev")), []);
  for (const name of ["home", "run", "etc/resolv.conf", "etc/hosts", ".dockerenv"]) {
    assert.equal(existsSync(path.join(tree, name)), false, `${name} is in the image`);
  }
});

test("a RUN that fails gives its line, its output and no image", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo about to fail; exit 7\n");
  const failed = await rig.build("-t", "broken");
  assert.notEqual(failed.exitCode, 0);
  assert.match(failed.stderr, /about to fail/);
  assert.match(
    failed.stderr,
    /process "\/bin\/sh -c echo about to fail; exit 7" did not complete successfully: exit code: 7/,
  );
  assert.match(failed.stderr, /Dockerfile:2\n-{20}\n/);
  assert.match(failed.stderr, / {3}2 \| >>> RUN echo about to fail; exit 7/);
  const images = await rig.slipway(["images", "-q", "broken"]);
  assert.equal(images.stdout.trim(), "");
});

test("a failed RUN ends the steps beside it", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    [
      "FROM busybox AS slow",
      "RUN trap 'exit 0' TERM; sleep 60 & wait; touch /slow",
      "FROM busybox AS broken",
      "RUN sleep 0.5; false",
      "FROM busybox",
      "COPY --from=slow /slow /slow",
      "COPY --from=broken /broken /broken",
    ].join("\n"),
  );
  const startedAt = Date.now();
  const { exitCode, stderr } = await rig.build();
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^ERROR: process "\/bin\/sh -c sleep 0\.5; false" did not complete successfully: exit code: 1$/m,
  );
  assert.match(stderr, /^#\d+ CANCELED$/m);
  assert.ok(Date.now() - startedAt < 30_000);
});

test("COPY --from an empty stage copies nothing, and is found again", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM scratch AS empty\nFROM busybox\nCOPY --from=empty / /made/\n");
  await rig.mustBuild();
  assert.match((await rig.mustBuild()).stderr, /is up to date: 1 step cached/);
});

test("COPY --from takes files of another stage, with owner and mode", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "FROM busybox AS builder\nRUN echo x > /out && chown 12:34 /out && chmod 4750 /out && ln -s out /link\nFROM scratch\nCOPY --from=builder /out /link /bin/\n",
  );
  const tree = await rig.exportTree();
  const stat = statSync(path.join(tree, "bin/out"));
  assert.deepEqual([stat.mode & 0o7777, stat.uid, stat.gid], [0o4750, 12, 34]);
  assert.ok(lstatSync(path.join(tree, "bin/link")).isFile(), "a link that COPY names is followed");
});

test("nothing stays mounted, running or in tmp/ after a build", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN true\nRUN false\n");
  await rig.build();
  assert.deepEqual(mountsBelow(rig.dir), []);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

test("a tar appears whole or not at all, and standard output's leaves nothing in tmp/", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=4\n");
  await rig.mustBuild("-t", "big");
  const dest = path.join(rig.dir, "out.tar");
  writeFileSync(dest, "what was there before");
  const limited = ["-c", `ulimit -f 1024; exec "$@"`, "sh", process.execPath, path.resolve("bin/slipway")];
  const args = [...limited, "build", "--progress=plain", "--output", `type=tar,dest=${dest}`, rig.contextDir];
  const failed = await run("sh", args, { cwd: rig.dir, env: { SLIPWAY_ROOT: rig.root } });
  assert.notEqual(failed.exitCode, 0);
  assert.equal(readFileSync(dest, "utf8"), "what was there before");
  assert.deepEqual(
    readdirSync(rig.dir).filter((name) => name.startsWith(".out.tar")),
    [],
  );
  const piped = await rig.build("--output", "-");
  assert.equal(piped.exitCode, 0);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});
