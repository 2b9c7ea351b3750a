import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

test("recorded steps that do the same again say so, and nothing is added to the store", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("a/x", "x");
  rig.file(
    "Dockerfile",
    `FROM busybox AS one
WORKDIR /w
COPY a a
RUN --mount=type=bind,target=/ctx --mount=type=cache,target=/c cp /ctx/a/x y && mkdir d && ln -s y z && rm /etc/group && chown 5:6 y
FROM busybox
COPY --link --from=one /w /w
ADD a/x /added
`,
  );
  await rig.mustBuild("-t", "before");
  const layers = readdirSync(path.join(rig.root, "layers"));
  const { stderr } = await rig.mustBuild("--verify", "-t", "after");
  assert.equal(stderr.match(/^#\d+ why: ran again with the same result$/gm)?.length, 5);
  assert.match(stderr, /^Target stage-1 is up to date: 5 steps cached/m);
  assert.deepEqual(readdirSync(path.join(rig.root, "layers")), layers);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

test("a step that does something else is named with its first file; its record stays, and makes the image", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "FROM busybox\nRUN mkdir /d && cat /proc/uptime > /d/f && touch /d/g\nRUN cp /d/f /copy\n",
  );
  await rig.mustBuild("-t", "before");
  const tree = await rig.exportTree();
  const checked = await rig.build("--verify", "-t", "after", "--iidfile", path.join(rig.dir, "id"));
  assert.equal(checked.exitCode, 1);
  assert.match(checked.stderr, /^#\d+ why: differs when it runs again: \/d\/f: (?:content|size \d+→\d+)$/m);
  const error = checked.stderr.slice(checked.stderr.indexOf("ERROR:"));
  assert.match(
    error,
    /^ERROR: 1 of 2 recorded steps made something else when run again:\n {2}\[2\/3\] RUN mkdir .*: \/d\/f: /,
  );
  const { stdout } = await rig.slipway(["run", "after", "cat", "/d/f"]);
  const before = await rig.slipway(["run", "before", "cat", "/d/f"]);
  assert.equal(stdout, before.stdout);
  assert.ok(readdirSync(tree).includes("copy"));
  const again = await rig.mustBuild();
  assert.match(again.stderr, /up to date/);
});

test("a layer whose bytes changed in the store is found", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("f", "right");
  rig.file("Dockerfile", "FROM busybox\nCOPY f /f\n");
  await rig.mustBuild();
  const layers = path.join(rig.root, "layers");
  const layer = readdirSync(layers).find((id) => readdirSync(path.join(layers, id, "fs")).includes("f"));
  writeFileSync(path.join(layers, layer!, "fs/f"), "wrong");
  const { exitCode, stderr } = await rig.build("--verify");
  assert.equal(exitCode, 1);
  assert.match(stderr, /\[2\/2\] COPY f \/f: \/f: content$/m);
});

test("a step without a record runs and is recorded", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo x > /x\n");
  assert.match((await rig.mustBuild("--verify")).stderr, /1 step run, 0 cached/);
  assert.match((await rig.mustBuild("--verify")).stderr, /ran again with the same result/);
});
