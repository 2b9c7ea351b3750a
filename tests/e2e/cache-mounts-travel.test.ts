import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { execFileSync } from "node:child_process";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

/** Counts its own runs in a cache mount. */
const dockerfile = (edit: string, options = "") => `FROM busybox
RUN --mount=type=cache,target=/c,id=count${options} echo ${edit} >> /c/n && wc -l < /c/n > /lines && stat -c '%a %u' /c >> /lines
`;

/** Machines: rigs with stores of their own. */
async function machines(t: TestContext, number: number): Promise<Rig[]> {
  const rigs = [];
  for (let each = 0; each < number; each++) rigs.push(await Rig.withBusybox(t));
  return rigs;
}

async function lines(rig: Rig, text: string, ...args: string[]): Promise<{ lines: string; stderr: string }> {
  rig.file("Dockerfile", text);
  const dest = mkdtempSync(path.join(rig.dir, "tree-"));
  const { stderr } = await rig.mustBuild(...args, "-o", dest);
  return { lines: readFileSync(path.join(dest, "lines"), "utf8"), stderr };
}

test("cache mounts travel in a directory when asked, and not otherwise", { skip }, async (t) => {
  const [a, b, c, d] = (await machines(t, 4)) as [Rig, Rig, Rig, Rig];
  const to = `type=local,dest=${a.dir}/cache`;
  const from = `type=local,src=${a.dir}/cache`;
  const text = (edit: string) => dockerfile(edit, ",uid=5,mode=0711");
  assert.equal((await lines(a, text("1"), "--cache-to", `${to},mounts=true`)).lines, "1\n711 5\n");
  const restored = await lines(b, text("2"), "--cache-from", `${from},mounts=true`);
  assert.equal(restored.lines, "2\n711 5\n");
  assert.match(restored.stderr, /cache mount "count" restored, \d+B fetched/);
  assert.equal(
    (await lines(b, text("3"), "--cache-from", `${from},mounts=true`)).lines,
    "3\n711 5\n",
    "only once",
  );
  assert.equal((await lines(c, text("2"), "--cache-from", from)).lines, "1\n711 5\n");
  const fresh = await lines(d, text("2"), "--cache-from", `${from},mounts=true`, "--no-cache");
  assert.equal(fresh.lines, "1\n711 5\n", "without the cache they begin with nothing");
});

test("cache mounts travel through a registry, on over a machine that did not use them", {
  skip: skip || isMissing,
}, async (t) => {
  const [a, b, c] = (await machines(t, 3)) as [Rig, Rig, Rig];
  await using registry = await DockerRegistry.start();
  const ref = (name: string) => `type=registry,ref=${registry.host}/team/${name},mounts=true,mode=max`;
  await lines(a, dockerfile("1"), "--cache-to", ref("one"));
  const cached = await lines(
    b,
    dockerfile("1"),
    "--cache-from",
    ref("one").replace(",mode=max", ""),
    "--cache-to",
    ref("two"),
  );
  assert.match(cached.stderr, /is up to date: 1 step cached/);
  const built = await lines(c, dockerfile("2"), "--cache-from", ref("two").replace(",mode=max", ""));
  assert.equal(built.lines, "2\n755 0\n");
  const blobs = (rig: Rig) => readdirSync(path.join(rig.root, "blobs/sha256")).length;
  assert.ok(blobs(c) > 0);
});

test("a cache mount above the bound stays where it is, with a note", { skip }, async (t) => {
  const [a, b] = (await machines(t, 2)) as [Rig, Rig];
  const to = `type=local,dest=${a.dir}/cache,mounts=true`;
  const text = dockerfile("$(head -c 5000 /dev/zero | tr '\\0' x)");
  const kept = await lines(a, text, "--cache-to", `${to},mounts-max=4kB`);
  assert.match(kept.stderr, /cache mount "count" not exported: 5kB are more than mounts-max=4kB/);
  await lines(a, text, "--cache-to", to);
  const from = `type=local,src=${a.dir}/cache,mounts=true,mounts-max=4kB`;
  const built = await lines(b, text.replace("/lines &&", "/lines  &&"), "--cache-from", from);
  assert.match(built.stderr, /cache mount "count" not restored: .*/);
  assert.equal(built.lines.split("\n")[0], "1");
});

test("a hostile tar of a cache mount writes nothing outside it, and costs a note", { skip }, async (t) => {
  const [a, b] = (await machines(t, 2)) as [Rig, Rig];
  const cache = path.join(a.dir, "cache");
  await lines(
    a,
    dockerfile("1"),
    "--cache-to",
    `type=local,dest=${cache},mounts=true,compression=uncompressed`,
  );
  const victim = path.join(b.root, "victim");
  // `../` three times leads from where a tar is unpacked to the store.
  const work = mkdtempSync(path.join(a.dir, "evil-"));
  writeFileSync(path.join(work, "x"), "evil");
  const tar = path.join(work, "evil.tar");
  execFileSync("tar", ["-C", work, "-P", "--transform", "s,^x$,../../../victim,", "-cf", tar, "x"]);
  replaceMount(cache, readFileSync(tar));
  const built = await lines(b, dockerfile("2"), "--cache-from", `type=local,src=${cache},mounts=true`);
  assert.match(built.stderr, /cache mount "count" not restored: Cannot unpack "\.\.\/\.\.\/\.\.\/victim"/);
  assert.equal(built.lines, "1\n755 0\n");
  assert.equal(existsSync(victim), false);
  assert.equal(statSync(path.join(work, "x")).size, 4);
});

/** Puts other bytes in the place of a cache's only cache mount, with every digest as it should be. */
function replaceMount(cache: string, bytes: Buffer): void {
  const put = (data: Buffer | string) => {
    const hex = createHash("sha256").update(data).digest("hex");
    writeFileSync(path.join(cache, "blobs/sha256", hex), data);
    return { digest: `sha256:${hex}`, size: Buffer.byteLength(data) };
  };
  type Described = { digest: string; size: number; mediaType: string };
  const read = <T>({ digest }: { digest: string }) =>
    JSON.parse(readFileSync(path.join(cache, "blobs/sha256", digest.slice(7)), "utf8")) as T;
  const index = JSON.parse(readFileSync(path.join(cache, "index.json"), "utf8")) as {
    manifests: Described[];
  };
  const manifest = read<{ config: Described; layers: Described[] }>(index.manifests[0]!);
  const config = read<{ diffIDs: string[]; mounts: { layer: number }[] }>(manifest.config);
  const { layer } = config.mounts[0]!;
  const blob = put(bytes);
  manifest.layers[layer] = { ...manifest.layers[layer]!, ...blob };
  config.diffIDs[layer] = blob.digest;
  manifest.config = { ...manifest.config, ...put(JSON.stringify(config)) };
  index.manifests[0] = { ...index.manifests[0]!, ...put(JSON.stringify(manifest)) };
  rmSync(path.join(cache, "index.json"));
  writeFileSync(path.join(cache, "index.json"), JSON.stringify(index));
}

test("a cache mount that holds the value of a secret stays on its machine", { skip }, async (t) => {
  const [rig] = (await machines(t, 1)) as [Rig];
  rig.file(
    "Dockerfile",
    "FROM busybox\nRUN --mount=type=cache,target=/c --mount=type=secret,id=s cp /run/secrets/s /c/netrc\n",
  );
  const value = "a value to keep to oneself";
  writeFileSync(path.join(rig.dir, "secret"), value);
  const to = `type=local,dest=${rig.dir}/cache,compression=uncompressed,mounts=true`;
  const secret = `id=s,src=${rig.dir}/secret`;
  const { stderr } = await rig.mustBuild("--secret", secret, "--cache-to", to);
  assert.match(stderr, /cache mount "\/c" not exported: the value of a secret is in it/);
  const blobs = path.join(rig.dir, "cache/blobs/sha256");
  for (const name of readdirSync(blobs)) assert.ok(!readFileSync(path.join(blobs, name)).includes(value));
  await rig.mustBuild("--secret", `${secret},scan=false`, "--cache-to", to);
  assert.ok(readdirSync(blobs).some((name) => readFileSync(path.join(blobs, name)).includes(value)));
});
