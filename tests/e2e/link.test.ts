import assert from "node:assert/strict";
import { lstatSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

const base = "RUN mkdir -p /real /old/sub && chmod 700 /old && echo old > /old/kept && ln -s /real /l";

test("a linked copy does not look at the tree below", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("a.txt", "a");
  rig.file(
    "Dockerfile",
    `FROM busybox\n${base}\nWORKDIR /w\nCOPY --link a.txt /l/\nCOPY --link a.txt /old/sub/new\nCOPY --link --chown=7:8 a.txt d/\n` +
      "RUN cat /l/a.txt /old/kept /old/sub/new d/a.txt > /seen",
  );
  const tree = await rig.exportTree();
  const stat = (name: string) => lstatSync(path.join(tree, name));
  assert.ok(stat("l").isDirectory(), "the link is replaced, not followed");
  assert.equal(stat("old").mode & 0o7777, 0o755);
  assert.deepEqual([stat("w/d").uid, stat("w/d/a.txt").gid], [7, 8]);
  assert.equal(readFileSync(path.join(tree, "seen"), "utf8"), "aold\naa");
});

test("a linked copy stays cached when everything below it is made anew", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("a.txt", "a");
  rig.file("below.txt", "1");
  rig.file(
    "Dockerfile",
    "FROM busybox AS files\nRUN echo made > /made\nFROM busybox\nCOPY below.txt /b\n" +
      "COPY --link a.txt /x/\nCOPY --link --from=files /made /x/",
  );
  await rig.mustBuild();
  rig.file("below.txt", "2");
  const { stderr } = await rig.mustBuild();
  const cached = (step: string) =>
    new RegExp(`^#(\\d+) \\[[^\\]]*${step}\\] [^]*\n#\\1 CACHED`, "m").test(stderr);
  assert.deepEqual(["2/4", "3/4", "4/4"].map(cached), [false, true, true], stderr);
  const tree = await rig.exportTree();
  const contents = ["b", "x/a.txt", "x/made"].map((name) => readFileSync(path.join(tree, name), "utf8"));
  assert.deepEqual(contents, ["2", "a", "made\n"]);
});

test("the same linked copy twice in a stage can be run on", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("a.txt", "a");
  rig.file(
    "Dockerfile",
    "FROM busybox\nCOPY --link a.txt /x/\nRUN echo b > /x/a.txt\nCOPY --link a.txt /x/\nRUN cp /x/a.txt /seen",
  );
  const tree = await rig.exportTree();
  assert.equal(readFileSync(path.join(tree, "seen"), "utf8"), "a");
});
