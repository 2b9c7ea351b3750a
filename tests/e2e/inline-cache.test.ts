import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers() || isMissing;

/** Random content: a step that ran again is seen in the image. */
const dockerfile = `FROM busybox AS builder
RUN echo built > /built
FROM busybox AS final
COPY --from=builder /built /built
RUN cat /proc/sys/kernel/random/uuid > /first
RUN cat /proc/sys/kernel/random/uuid > /second
CMD ["cat", "/first", "/second"]
`;

/** Two machines: rigs with stores of their own and the same files. */
async function machines(t: TestContext): Promise<[Rig, Rig]> {
  const [first, second] = [await Rig.withBusybox(t), await Rig.withBusybox(t)];
  for (const rig of [first, second]) rig.file("Dockerfile", dockerfile);
  return [first, second];
}

async function ids(rig: Rig, ...args: string[]): Promise<{ image: string; stderr: string }> {
  const file = path.join(rig.dir, "metadata.json");
  const { stderr } = await rig.mustBuild(...args, "--metadata-file", file);
  const metadata = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  return { image: metadata["containerimage.digest"]!, stderr };
}

test("the cache in a pushed image hits on another machine, which pushes the same image", {
  skip,
}, async (t) => {
  const [first, second] = await machines(t);
  await using registry = await DockerRegistry.start();
  const base = `${registry.host}/base/busybox`;
  await first.slipway(["tag", "busybox", base]);
  await first.slipway(["push", base]);
  await first.slipway(["rmi", base]);
  for (const rig of [first, second])
    rig.file("Dockerfile", dockerfile.replaceAll("FROM busybox", `FROM ${base}`));
  const name = `${registry.host}/team/app:1`;
  const made = await ids(first, "--cache-to", "type=inline", "--push", "-t", name);
  const again = await ids(first, "--build-arg", "BUILDKIT_INLINE_CACHE=1", "--push", "-t", name);
  assert.equal(again.image, made.image, "a build where nothing changed makes the same image");
  const from = ["--cache-from", `type=registry,ref=${name}`];
  const built = await ids(second, ...from, "-o", `type=registry,name=${registry.host}/other/app`);
  assert.match(
    built.stderr,
    /^Built target final: 1 steps? run, 3 cached/m,
    "only the builder, which is no layer",
  );
  const plain = await ids(first, "-o", `type=registry,name=${registry.host}/plain/app`);
  assert.equal(built.image, plain.image);
  await second.mustBuild(...from, "-t", "app");
  const [a, b] = [await first.slipway(["run", name]), await second.slipway(["run", "app"])];
  assert.equal(a.stdout, b.stdout);
  assert.equal(a.stdout.length, 2 * 37);
});

test("an image runs as without the cache in it, and what is built on it does not inherit it", {
  skip,
}, async (t) => {
  const [first] = await machines(t);
  const config = async (...args: string[]) => {
    const dest = path.join(first.dir, "image.tar");
    await first.mustBuild(...args, "-o", `type=docker,dest=${dest}`);
    const read = (file: string) => execFileSync("tar", ["-xOf", dest, file], { encoding: "utf8" });
    const [{ Config }] = JSON.parse(read("manifest.json")) as [{ Config: string }];
    return JSON.parse(read(Config)) as Record<string, { results: { step: string; layer: number }[] }>;
  };
  const { "slipway.cache.v1": cache, ...others } = await config("--cache-to", "type=inline", "-t", "app");
  assert.deepEqual(others, await config());
  assert.deepEqual(
    [...new Set(cache!.results.map(({ step, layer }) => `${layer} ${step}`))],
    [
      "1 [final 2/4] COPY --from=builder /built /built",
      "2 [final 3/4] RUN cat /proc/sys/kernel/random/uuid > /first",
      "3 [final 4/4] RUN cat /proc/sys/kernel/random/uuid > /second",
    ],
  );
  first.file("Dockerfile", "FROM app\nRUN true\n");
  assert.equal((await config())["slipway.cache.v1"], undefined);
});

test("the cache in an OCI layout hits too", { skip }, async (t) => {
  const [first, second] = await machines(t);
  const layout = path.join(first.dir, "layout");
  await first.mustBuild(
    "--cache-to",
    "type=inline",
    "-t",
    "app:v1",
    "-o",
    `type=oci,tar=false,dest=${layout}`,
  );
  const built = await second.mustBuild("--cache-from", `type=local,src=${layout},tag=v1`);
  assert.match(built.stderr, /^Built target final: 1 steps? run, 3 cached/m);
});

test("an image for several platforms holds the cache of each", { skip }, async (t) => {
  const [first, second] = await machines(t);
  await using registry = await DockerRegistry.start();
  for (const rig of [first, second])
    rig.file("Dockerfile", "FROM scratch\nCOPY Dockerfile /a\nCOPY Dockerfile /b\n");
  const name = `${registry.host}/team/app:1`;
  const platforms = ["--platform", "linux/amd64,linux/arm64"];
  await first.mustBuild(...platforms, "--cache-to", "type=inline", "--push", "-t", name);
  const built = await second.mustBuild(...platforms, "--cache-from", name);
  assert.match(built.stderr, /is up to date: \d steps cached/);
});

test("what has no cache in it costs a note that says so", { skip }, async (t) => {
  const [first, second] = await machines(t);
  await using registry = await DockerRegistry.start();
  const name = `${registry.host}/team/app:1`;
  await first.mustBuild("--push", "-t", name);
  const built = await second.mustBuild("--cache-from", name);
  assert.ok(
    built.stderr.includes(`no cache imported: Cannot read ${name} as a cache: there is none in the image`),
    built.stderr,
  );
  const none = await first.mustBuild("--cache-to", "type=inline", "-o", "type=cacheonly");
  assert.match(none.stderr, /an inline cache goes with an image, and this build makes none/);
  const exact = await first.build("--cache-to", "type=inline", "--reproducible");
  assert.equal(exact.exitCode, 2, exact.stderr);
  assert.match(exact.stderr, /Cannot put a cache into a reproducible image: it tells when each step ran/);
});
