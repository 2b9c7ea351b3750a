import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

/** Random content: a step that ran again is seen in the image. */
const dockerfile = `FROM busybox AS builder
COPY src /src
RUN cat /src/a.txt /proc/sys/kernel/random/uuid > /built
FROM busybox AS unused
RUN true
FROM busybox AS final
COPY --from=builder /built /built
RUN cat /proc/sys/kernel/random/uuid > /later
`;

test("a pipe in the place of a cache's index keeps nobody waiting", async (t) => {
  const rig = Rig.create(t);
  rig.file("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  const cache = path.join(rig.dir, "cache");
  mkdirSync(cache);
  execFileSync("mkfifo", [path.join(cache, "index.json")]);
  const args = ["build", "--progress=plain", "--cache-from", `type=local,src=${cache}`, rig.contextDir];
  const { exitCode, stderr } = await rig.slipway(args, { killAfterMs: 20_000 });
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /Cannot read the cache in ".*": it is no regular file/);
});

/** Two machines: rigs with stores of their own and the same files. */
async function machines(t: TestContext): Promise<[Rig, Rig]> {
  const [first, second] = [await Rig.withBusybox(t), await Rig.withBusybox(t)];
  for (const rig of [first, second]) {
    rig.file("Dockerfile", dockerfile);
    rig.file("src/a.txt", "a\n");
  }
  return [first, second];
}

const read = (tree: string) => ["built", "later"].map((name) => readFileSync(path.join(tree, name), "utf8"));

test("a cache in a directory hits on another machine, for every stage", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  const made = await first.exportTree("--cache-to", `type=local,dest=${cache}`);
  const built = await second.mustBuild("--cache-from", `type=local,src=${cache}`, "-t", "app");
  assert.match(
    built.stderr,
    /^Built target final: 1 steps? run, 3 cached/m,
    "only the copy of local files runs",
  );
  const tree = await second.exportTree();
  assert.deepEqual(read(tree), read(made));
});

test("an image made of a cache is whole without it", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  const made = await first.exportTree("--cache-to", `type=local,dest=${cache},mode=max`);
  const built = await second.mustBuild("--cache-from", `type=local,src=${cache}`, "-t", "app");
  assert.match(built.stderr, /^Target final is up to date: 4 steps cached/m);
  rmSync(cache, { recursive: true });
  const again = await second.exportTree("-t", "app");
  assert.deepEqual(read(again), read(made));
  const shown = await second.slipway(["run", "--rm", "app", "cat", "/built", "/later"]);
  assert.equal(shown.stdout, read(made).join(""));
});

test("a stage that only another stage needs is not fetched", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  await first.mustBuild("--cache-to", `type=local,dest=${cache},mode=max`);
  await second.mustBuild("--cache-from", `type=local,src=${cache}`);
  const layersOf = ({ root }: Rig) => readdirSync(path.join(root, "layers")).length;
  assert.ok(layersOf(second) < layersOf(first), "nothing was unpacked for steps that hit");
});

test("mode=min keeps the layers of the image only", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  await first.mustBuild("--cache-to", `type=local,dest=${cache},mode=min`);
  const { stderr } = await second.mustBuild("--cache-from", `type=local,src=${cache}`);
  assert.match(
    stderr,
    /^Built target final: 4 steps run, 0 cached/m,
    "builder runs again, and what stands on it",
  );
});

test("a cache in a registry hits on another machine", { skip: skip || isMissing }, async (t) => {
  const [first, second] = await machines(t);
  await using registry = await DockerRegistry.start();
  const reference = `${registry.host}/team/cache:main`;
  const made = await first.exportTree("--cache-to", `type=registry,ref=${reference},mode=max`);
  const built = await second.mustBuild("--cache-from", reference, "-t", "app");
  assert.match(built.stderr, /^Target final is up to date: 4 steps cached/m);
  assert.deepEqual(read(await second.exportTree()), read(made));
});

test("reset=true leaves in the directory what its manifests name", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  const blobs = () => readdirSync(path.join(cache, "blobs/sha256"));
  const edit = async (text: string, attributes: string) => {
    first.file("src/a.txt", text);
    await first.mustBuild("--cache-to", `type=local,dest=${cache},mode=max,ignore-error=false${attributes}`);
    for (const name of blobs()) utimesSync(path.join(cache, "blobs/sha256", name), 1, 1); // long ago
  };
  await edit("one", "");
  const once = blobs().length;
  await edit("two", ",tag=other");
  await edit("three", "");
  assert.ok(blobs().length > 2 * once, "it only grows");
  await edit("four", ",reset=true");
  assert.equal(blobs().length, 2 * once, "of this name, and of the other");
  second.file("src/a.txt", "four");
  const built = await second.mustBuild("--cache-from", `type=local,src=${cache}`);
  assert.match(built.stderr, / is up to date: 4 steps cached/);
});

test("force-compression compresses what came from another cache anew, and changes no layer", {
  skip,
}, async (t) => {
  const [first, second] = await machines(t);
  const third = await Rig.withBusybox(t);
  const at = (name: string) => path.join(first.dir, name);
  const made = await first.exportTree("--cache-to", `type=local,dest=${at("gzip")},mode=max`);
  const typesOf = (name: string) => {
    const blob = (digest: string) =>
      JSON.parse(readFileSync(path.join(at(name), "blobs", digest.replace(":", "/")), "utf8")) as {
        layers: { mediaType: string }[];
      };
    const index = JSON.parse(readFileSync(path.join(at(name), "index.json"), "utf8")) as {
      manifests: { digest: string }[];
    };
    const { layers } = blob(index.manifests[0]!.digest);
    return [...new Set(layers.map(({ mediaType }) => mediaType.replace(/^.*\+/, "")))];
  };
  const from = ["--cache-from", `type=local,src=${at("gzip")}`];
  const to = (name: string, more: string) => [
    "--cache-to",
    `type=local,dest=${at(name)},mode=max,compression=zstd,ignore-error=false${more}`,
  ];
  await second.mustBuild(...from, ...to("kept", ""), ...to("forced", ",force-compression=true"));
  assert.deepEqual(typesOf("kept"), ["gzip"]);
  assert.deepEqual(typesOf("forced"), ["zstd"]);
  for (const name of ["Dockerfile", "src/a.txt"])
    third.file(name, readFileSync(path.join(first.contextDir, name)));
  const tree = await third.exportTree("--cache-from", `type=local,src=${at("forced")}`);
  assert.deepEqual(read(tree), read(made));
});

test("a cache that is not there, or damaged, costs a note", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  const missing = await first.mustBuild("--cache-from", `type=local,src=${cache}`);
  assert.match(missing.stderr, /no cache imported: Cannot read the cache in "[^"]+": .*ENOENT/);
  await first.mustBuild("--cache-to", `type=local,dest=${cache}`);
  const blobs = path.join(cache, "blobs/sha256");
  for (const blob of readdirSync(blobs)) {
    const file = path.join(blobs, blob);
    const bytes = readFileSync(file);
    if (bytes.includes('"results"'))
      writeFileSync(file, bytes.toString().replace('"schemaVersion":1', '"schemaVersion":7'));
  }
  const damaged = await second.mustBuild("--cache-from", `type=local,src=${cache}`);
  assert.match(
    damaged.stderr,
    /no cache imported: Cannot read the cache: blob sha256:\w+ does not match its digest/,
  );
});

test("a layer of a cache that is not what its digest says is never used", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  await first.mustBuild("--cache-to", `type=local,dest=${cache},mode=max`);
  const blobs = path.join(cache, "blobs/sha256");
  for (const blob of readdirSync(blobs)) {
    const file = path.join(blobs, blob);
    const bytes = readFileSync(file);
    if (bytes[0] === 0x1f)
      writeFileSync(file, Buffer.concat([bytes.subarray(0, -8), bytes.subarray(-4), bytes.subarray(-8, -4)]));
  }
  const { exitCode, stderr } = await second.build("--cache-from", `type=local,src=${cache}`);
  assert.equal(exitCode, 8, stderr);
  assert.match(stderr, /DIGEST_MISMATCH|does not match|wrong digest|Cannot verify blob/);
});

test("a cache that cannot be written fails the build only when asked", { skip }, async (t) => {
  const [first] = await machines(t);
  const file = path.join(first.dir, "file");
  writeFileSync(file, "");
  const target = `type=local,dest=${file}`;
  const { exitCode, stderr } = await first.build("--cache-to", target, "-t", "app");
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /cache not exported to/);
  const strict = await first.build("--cache-to", `${target},ignore-error=false`);
  assert.notEqual(strict.exitCode, 0);
});

test("a cache holds no value of a build argument and no secret", { skip }, async (t) => {
  const [first] = await machines(t);
  const cache = path.join(first.dir, "cache");
  first.file(
    "Dockerfile",
    "FROM busybox\nARG TOKEN\nRUN --mount=type=secret,id=key cat /run/secrets/key | wc -c > /n\n",
  );
  first.file("key.txt", "s3cr3t-value");
  const secret = `id=key,src=${path.join(first.contextDir, "key.txt")}`;
  const args = ["--build-arg", "TOKEN=arg-value", "--secret", secret];
  await first.mustBuild(...args, "--cache-to", `type=local,dest=${cache},mode=max,compression=uncompressed`);
  for (const entry of readdirSync(cache, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = readFileSync(path.join(entry.parentPath, entry.name));
    assert.ok(!bytes.includes("s3cr3t-value") && !bytes.includes("arg-value"), entry.name);
  }
});

test("on another machine a copy hits by its content when the stage it reads from ran again", {
  skip,
}, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  const file =
    "FROM busybox AS b\nARG V=1\nRUN echo same > /f\nFROM busybox\nCOPY --from=b /f /f\nRUN cat /f\n";
  for (const rig of [first, second]) rig.file("Dockerfile", file);
  await first.mustBuild();
  await first.mustBuild("--cache-to", `type=local,dest=${cache},mode=max`); // a build that runs nothing
  const args = ["--build-arg", "V=2", "--cache-from", `type=local,src=${cache}`];
  const built = await second.mustBuild(...args);
  assert.match(built.stderr, /^Built target stage-1: 1 step run, 2 cached/m);
});

test("a copy that hit by its content is found without a look at any file the next time", {
  skip,
}, async (t) => {
  const [rig] = await machines(t);
  rig.file(
    "Dockerfile",
    "FROM busybox AS b\nARG V=1\nRUN echo same > /f\nFROM scratch\nCOPY --from=b /f /f\n",
  );
  await rig.mustBuild();
  const args = ["--build-arg", "V=2"];
  assert.match((await rig.mustBuild(...args)).stderr, /: 1 step run, 1 cached/);
  assert.match((await rig.mustBuild(...args)).stderr, /is up to date: 2 steps cached/);
  const plan = await rig.slipway(["plan", ...args, rig.contextDir]);
  assert.equal(plan.exitCode, 0, plan.stdout);
});

test("what is made again sooner than moved stays, and a build that failed writes no cache", {
  skip,
}, async (t) => {
  const [first, second] = await machines(t);
  const cache = path.join(first.dir, "cache");
  const file = "FROM busybox\nRUN sleep 0.2; echo slow > /slow\nRUN truncate -s 2G /large\n";
  first.file("Dockerfile", `${file}RUN false\n`);
  const to = ["--cache-to", `type=local,dest=${cache}`];
  assert.equal((await first.build(...to)).exitCode, 1);
  assert.equal(existsSync(cache), false);
  for (const rig of [first, second]) rig.file("Dockerfile", file);
  await first.mustBuild(...to, "-t", "app");
  const args = ["-o", "type=cacheonly", "--cache-from", `type=local,src=${cache}`];
  const built = await second.mustBuild(...args);
  assert.match(built.stderr, /^Built target stage-0: 1 step run, 1 cached/m);
});
