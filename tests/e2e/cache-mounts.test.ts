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

/** Two builds at once on one store, of a step that takes a while and one beside it. */
async function twoBuilds(rig: Rig, sharing: string): Promise<{ stderr: string; text: string }[]> {
  const step = (name: string) => {
    // Neither id nor sharing is a part of a step's key.
    const wait = `: ${sharing}; touch /c/$NAME; for n in 1 2 3 4 5 6 7 8 9 10; do ls /c; sleep 0.2; done | sort -u > /seen`;
    const mount = `--mount=type=cache,target=/c,id=${sharing},sharing=${sharing}`;
    return `FROM busybox\nENV NAME=${name}\nRUN ${mount} ${wait}\nFROM scratch\nCOPY --from=0 /seen /seen\n`;
  };
  return await Promise.all(
    ["a", "b"].map(async (name) => {
      rig.file(`${name}.Dockerfile`, step(name));
      const dest = path.join(rig.dir, `${sharing}-${name}`);
      const { stderr } = await rig.mustBuild("-f", `${rig.contextDir}/${name}.Dockerfile`, "-o", dest);
      return { stderr, text: readFileSync(path.join(dest, "seen"), "utf8") };
    }),
  );
}

test("two builds at once: shared mounts are one, private ones two, locked ones wait and say so", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const shared = await twoBuilds(rig, "shared");
  assert.deepEqual(
    shared.map(({ text }) => text),
    ["a\nb\n", "a\nb\n"],
  );
  const apart = await twoBuilds(rig, "private");
  assert.deepEqual(
    apart.map(({ text }) => text),
    ["a\n", "b\n"],
  );
  const locked = await twoBuilds(rig, "locked");
  const first = locked.findIndex(({ text }) => !text.includes("\n", 2));
  assert.equal(locked[1 - first]?.text, "a\nb\n", "the second one has what the first one left");
  const line = /^#\d+ [\d.]+ waiting for cache mount "locked", which another step uses$/m;
  assert.match(locked[1 - first]!.stderr, line);
  assert.doesNotMatch(locked[first]!.stderr, line);
  for (const { stderr } of [...shared, ...apart]) assert.doesNotMatch(stderr, line);
});

test("a namespace has its own cache mounts, and a limit empties one that grew too large", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "FROM busybox AS run\nARG SIZE EDIT\nRUN --mount=type=cache,target=/c ls /c > /seen; head -c $SIZE /dev/zero > /c/$EDIT\nFROM scratch\nCOPY --from=run /seen /\n",
  );
  const seen = async (args: string[], env = {}) => {
    const dest = path.join(rig.dir, "out");
    const all = ["build", "--progress=plain", ...args.flatMap((arg) => ["--build-arg", arg]), "-o", dest];
    const { exitCode, stderr } = await rig.slipway([...all, rig.contextDir], { env });
    assert.equal(exitCode, 0, stderr);
    return { text: readFileSync(path.join(dest, "seen"), "utf8"), stderr };
  };
  assert.equal((await seen(["SIZE=10", "EDIT=one"])).text, "");
  assert.equal((await seen(["SIZE=10", "EDIT=two", "BUILDKIT_CACHE_MOUNT_NS=app"])).text, "");
  const limit = { SLIPWAY_CACHE_MOUNT_LIMIT: "1kB" };
  assert.equal((await seen(["SIZE=10", "EDIT=three"], limit)).text, "one\n");
  const large = await seen(["SIZE=3000", "EDIT=four"], limit);
  assert.equal(large.text, "one\nthree\n");
  assert.match(large.stderr, /cache mount "\/c" emptied: 3\.02kB are more than 1kB/);
  assert.equal((await seen(["SIZE=10", "EDIT=five"])).text, "");
  assert.equal((await seen(["SIZE=10", "EDIT=six", "BUILDKIT_CACHE_MOUNT_NS=app"])).text, "two\n");
});
