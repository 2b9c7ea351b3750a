import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

test("--no-cache empties the cache mounts of the steps that run again, and no others", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const count = (dir: string) => `echo x >> ${dir}/n && wc -l < ${dir}/n > ${dir}.count`;
  rig.file(
    "Dockerfile",
    `FROM busybox AS a
RUN --mount=type=cache,target=/c1 --mount=type=cache,target=/c2,id=two ${count("/c1")} && ${count("/c2")}
FROM busybox AS b
RUN --mount=type=cache,target=/c3 ${count("/c3")}
FROM scratch
COPY --from=a /*.count /
COPY --from=b /*.count /
`,
  );
  const counts = async (...args: string[]) => {
    const tree = await rig.exportTree(...args);
    return ["c1", "c2", "c3"].map((name) => readFileSync(path.join(tree, `${name}.count`), "utf8").trim());
  };
  assert.deepEqual(await counts(), ["1", "1", "1"]);
  rig.file(
    "Dockerfile",
    readFileSync(path.join(rig.contextDir, "Dockerfile"), "utf8").replaceAll("echo x", "echo y"),
  );
  assert.deepEqual(await counts(), ["2", "2", "2"]);
  assert.deepEqual(await counts("--no-cache-filter", "a"), ["1", "1", "2"]);
  assert.deepEqual(await counts("--no-cache"), ["1", "1", "1"]);
  assert.deepEqual(await counts("--no-cache", "--build-arg", "BUILDKIT_CACHE_MOUNT_NS=other"), [
    "1",
    "1",
    "1",
  ]);
});

test("caches of one id that begin differently are different ones", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const stat = (dir: string, name: string) =>
    `stat -c '%a %u %g' ${dir} > /${name} && ls ${dir} >> /${name} && touch ${dir}/left`;
  const mount = (keys: string, name: string) =>
    `RUN --mount=type=cache,id=c,target=/m,${keys} ${stat("/m", name)}`;
  rig.file("one", "");
  rig.file(
    "Dockerfile",
    [
      "FROM scratch AS src\nCOPY --chown=8:9 --chmod=711 one /k/one\nFROM busybox",
      mount("sharing=shared", "a"),
      mount("uid=5,mode=0700", "b"),
      mount("from=src", "c"),
      mount("from=src,uid=5", "d"),
      mount("from=src,source=/k,uid=5", "e"),
      mount("sharing=locked", "f"),
    ].join("\n"),
  );
  const tree = await rig.exportTree();
  const read = (name: string) => readFileSync(path.join(tree, name), "utf8").trim().split("\n");
  assert.deepEqual(["a", "b", "c", "d", "e", "f"].map(read), [
    ["755 0 0"],
    ["700 5 0"],
    ["755 0 0", "k"],
    ["755 5 0"],
    ["711 8 9", "one"],
    ["755 0 0", "left"],
  ]);
});

test("a part of a cache that is not there cannot be mounted", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN --mount=type=cache,target=/c,source=/no true");
  const { exitCode, stderr } = await rig.build();
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /Cannot mount "\/no" on "\/c": no such file or directory/);
});
