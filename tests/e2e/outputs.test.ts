import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { listTree } from "./list-tree.ts";
import { missingForContainers, Rig, run } from "./rig.ts";

const skip = missingForContainers();

interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Record<string, string>;
}

interface Document extends Described {
  readonly config: Described;
  readonly layers: readonly Described[];
  readonly manifests: readonly Described[];
}

const oci = "application/vnd.oci.image";
const docker = "application/vnd.docker";

/** Attributes, and the media types that they give the base's layer, the new one, the config and the manifest. */
const forms: readonly (readonly [attributes: string, types: readonly string[]])[] = [
  ["", [`${oci}.layer.v1.tar+gzip`, `${oci}.layer.v1.tar+gzip`]],
  ["compression=zstd", [`${oci}.layer.v1.tar+gzip`, `${oci}.layer.v1.tar+zstd`]],
  ["compression=zstd,force-compression=true", [`${oci}.layer.v1.tar+zstd`, `${oci}.layer.v1.tar+zstd`]],
  ["compression=uncompressed,force-compression", [`${oci}.layer.v1.tar`, `${oci}.layer.v1.tar`]],
  ["compression=gzip,compression-level=1", [`${oci}.layer.v1.tar+gzip`, `${oci}.layer.v1.tar+gzip`]],
  ["compression=estargz", [`${oci}.layer.v1.tar+gzip`, `${oci}.layer.v1.tar+gzip`]],
  ["compression=estargz,force-compression=true", [`${oci}.layer.v1.tar+gzip`, `${oci}.layer.v1.tar+gzip`]],
  ["oci-mediatypes=false", [`${docker}.image.rootfs.diff.tar.gzip`, `${docker}.image.rootfs.diff.tar.gzip`]],
  [
    "oci-mediatypes=false,compression=uncompressed,force-compression=true",
    [`${docker}.image.rootfs.diff.tar`, `${docker}.image.rootfs.diff.tar`],
  ],
];

test("skopeo and umoci read every form of an image, and find the same tree", {
  skip: skip || missing("skopeo", "umoci"),
}, async (t) => {
  const rig = await pulledRig(t);
  const tree = listTree(await rig.exportTree());
  for (const [attributes, types] of forms) {
    await t.test(attributes || "no attributes", async () => {
      const layout = path.join(rig.dir, `layout-${attributes}`.replaceAll(/[^a-z]/g, "-"));
      const output = ["type=oci", "tar=false", `dest=${layout}`, ...(attributes ? [attributes] : [])];
      await rig.mustBuild("-o", output.join(","));
      const manifest = read(layout, topOf(layout));
      assert.deepEqual(
        manifest.layers.map(({ mediaType }) => mediaType),
        types,
      );
      const isDocker = attributes.includes("oci-mediatypes=false");
      const manifestType = isDocker ? `${docker}.distribution.manifest.v2+json` : `${oci}.manifest.v1+json`;
      assert.equal(manifest.mediaType, manifestType);
      assert.equal(topOf(layout).mediaType, manifestType);
      const copy = `${layout}-copy`;
      mkdirSync(copy);
      // umoci knows no zstd, and skopeo rewrites it here.
      const rewrite = ["--dest-compress", "--dest-compress-format", "gzip"];
      const options = ["-q", ...(attributes.includes("zstd") ? rewrite : [])];
      await must("skopeo", "--insecure-policy", "copy", ...options, `oci:${layout}`, `oci:${copy}:app`);
      await must("umoci", "unpack", "--image", `${copy}:app`, `${copy}-bundle`);
      assert.deepEqual(listTree(`${copy}-bundle/rootfs`), tree);
    });
  }
});

test("an eStargz image is the same in two builds, says where its tables are, and runs when it is loaded", {
  skip,
}, async (t) => {
  const rig = await pulledRig(t);
  const form = "compression=estargz,force-compression=true,rewrite-timestamp=true";
  const epoch = ["--build-arg", "SOURCE_DATE_EPOCH=1700000000"];
  const layouts = ["first", "second"].map((name) => path.join(rig.dir, name));
  for (const layout of layouts)
    await rig.mustBuild("--no-cache", ...epoch, "-o", `type=oci,tar=false,dest=${layout},${form}`);
  const [first, second] = layouts.map((layout) => topOf(layout).digest);
  assert.equal(first, second);
  const manifest = read(layouts[0]!, topOf(layouts[0]!));
  const { rootfs } = read(layouts[0]!, manifest.config) as unknown as { rootfs: { diff_ids: string[] } };
  for (const [index, { digest, annotations }] of manifest.layers.entries()) {
    const tar = gunzipSync(readFileSync(path.join(layouts[0]!, "blobs", digest.replace(":", "/"))));
    assert.equal(rootfs.diff_ids[index], `sha256:${createHash("sha256").update(tar).digest("hex")}`);
    assert.equal(annotations?.["io.containers.estargz.uncompressed-size"], String(tar.length));
    assert.match(annotations?.["containerd.io/snapshot/stargz/toc.digest"] ?? "", /^sha256:[0-9a-f]{64}$/);
  }

  const archive = path.join(rig.dir, "image.tar");
  const output = `type=docker,dest=${archive},compression=estargz,oci-mediatypes=false`;
  const { stderr } = await rig.mustBuild("-t", "lazy", "-o", output);
  assert.match(stderr, /forcibly turning on oci-mediatype mode for estargz/);
  await rig.slipway(["rmi", "lazy"]);
  assert.equal((await rig.slipway(["load", "-i", archive])).exitCode, 0);
  assert.equal((await rig.slipway(["run", "lazy", "cat", "/new"])).stdout, "new\n");
});

test("a stored image is eStargz when it leaves later", { skip }, async (t) => {
  const rig = await pulledRig(t);
  await rig.mustBuild("-t", "kept", "-o", "type=image,compression=estargz");
  const saved = path.join(rig.dir, "saved");
  mkdirSync(saved);
  await must("tar", "-xf", await savedArchive(rig, "kept"), "-C", saved);
  const manifest = read(saved, topOf(saved));
  assert.deepEqual(
    manifest.layers.map(({ annotations }) => Object.keys(annotations ?? {}).length),
    [0, 2],
  );
  const { stdout } = await rig.slipway(["images", "--no-trunc", "-q", "kept"]);
  assert.equal(stdout.trim(), manifest.config.digest);
});

test("a layout is added to, and one build has several outputs", { skip }, async (t) => {
  const rig = await pulledRig(t);
  const layout = path.join(rig.dir, "layout");
  await rig.mustBuild("-o", `type=oci,tar=false,dest=${layout},name=one`);
  await rig.mustBuild(
    "-o",
    `type=oci,tar=false,dest=${layout},"name=two,three:3",compression=zstd`,
    "-o",
    path.join(rig.dir, "tree"),
    "-o",
    `type=tar,dest=${rig.dir}/tree.tar`,
    "-t",
    "four",
  );
  const index = JSON.parse(readFileSync(path.join(layout, "index.json"), "utf8")) as Document;
  const names = index.manifests.map(({ annotations }) => annotations?.["io.containerd.image.name"]);
  assert.deepEqual(names, [
    "docker.io/library/one:latest",
    "docker.io/library/four:latest",
    "docker.io/library/two:latest",
    "docker.io/library/three:3",
  ]);
  assert.equal(readFileSync(path.join(rig.dir, "tree/new"), "utf8"), "new\n");
  assert.match(execFileSync("tar", ["-tf", path.join(rig.dir, "tree.tar")], { encoding: "utf8" }), /^new$/m);
});

test("annotations are where BuildKit writes them, also when the stored image leaves later", {
  skip,
}, async (t) => {
  const rig = await pulledRig(t);
  const layout = path.join(rig.dir, "layout");
  const annotations = ["--annotation", "manifest,manifest-descriptor:a=b", "--annotation", "c=d"];
  await rig.mustBuild("-t", "app", ...annotations, "-o", `type=oci,tar=false,dest=${layout},annotation.e=f`);
  assert.equal(topOf(layout).annotations?.["a"], "b");
  assert.deepEqual(read(layout, topOf(layout)).annotations, { a: "b", c: "d", e: "f" });
  assert.equal(readdirSync(path.join(layout, "blobs/sha256")).length, 4);

  await rig.mustBuild("-t", "kept", ...annotations);
  const saved = path.join(rig.dir, "saved");
  mkdirSync(saved);
  const archive = path.join(rig.dir, "saved.tar");
  await rig.slipway(["save", "--format", "oci", "-o", archive, "kept"]);
  execFileSync("tar", ["-xf", archive, "-C", saved]);
  assert.deepEqual(read(saved, topOf(saved)).annotations, { a: "b", c: "d" });

  const several = path.join(rig.dir, "several");
  rig.file("Dockerfile", "FROM scratch\nCOPY x /\n");
  rig.file("x", "");
  await rig.mustBuild(
    "--platform=linux/amd64,linux/arm64",
    "--annotation",
    "manifest[linux/arm64],index:only=arm",
    "-o",
    `type=oci,tar=false,dest=${several},annotation-index-descriptor.top=1,annotation-manifest-descriptor.x=y`,
  );
  assert.equal(topOf(several).annotations?.["top"], "1");
  const index = read(several, topOf(several));
  assert.deepEqual(index.annotations, { only: "arm" });
  assert.deepEqual(
    index.manifests.map((each) => [each.annotations, read(several, each).annotations]),
    [
      [{ x: "y" }, undefined],
      [{ x: "y" }, { only: "arm" }],
    ],
  );
});

test("what an image does not have is not annotated, and Docker's documents give way", { skip }, async (t) => {
  const rig = await pulledRig(t);
  for (const [annotation, message] of [
    ["index:a=b", "index annotations not supported for single platform export"],
    ["manifest[linux/s390x]:a=b", "invalid annotation: no platform linux/s390x found in source"],
  ] as const) {
    const { exitCode, stderr } = await rig.build("--annotation", annotation);
    assert.equal(exitCode, 2);
    assert.match(stderr, new RegExp(message));
  }
  const layout = path.join(rig.dir, "layout");
  const attributes = "oci-mediatypes=false,annotation-manifest-descriptor.a=b";
  const { stderr } = await rig.mustBuild("-o", `type=oci,tar=false,dest=${layout},${attributes}`);
  assert.match(stderr, /forcibly turning on oci-mediatype mode for annotations/);
  assert.equal(topOf(layout).mediaType, `${oci}.manifest.v1+json`);
});

test("mode=delete leaves nothing else in a directory, and never empties that of the build", {
  skip,
}, async (t) => {
  const rig = await pulledRig(t);
  const dest = path.join(rig.dir, "out");
  mkdirSync(path.join(dest, "old/deep"), { recursive: true });
  writeFileSync(path.join(dest, "old/deep/file"), "");
  await rig.mustBuild("-o", dest);
  assert.ok(readdirSync(dest).includes("old"));
  await rig.mustBuild("-o", `type=local,dest=${dest},mode=delete`);
  assert.ok(!readdirSync(dest).includes("old"));
  assert.equal(readFileSync(path.join(dest, "new"), "utf8"), "new\n");
  const link = path.join(rig.dir, "link");
  symlinkSync(rig.contextDir, link);
  for (const held of [rig.contextDir, rig.dir, link]) {
    const { exitCode, stderr } = await rig.build("-o", `type=local,dest=${held},mode=delete`);
    assert.equal(exitCode, 2);
    assert.match(stderr, /Cannot empty ".*" for mode=delete: it holds /);
  }
  assert.ok(readdirSync(rig.contextDir).includes("Dockerfile"));
});

/** A base image as a registry has it: one compressed layer that is a blob. */
async function pulledRig(t: TestContext): Promise<Rig> {
  const rig = await Rig.withBusybox(t);
  const archive = path.join(rig.dir, "base.tar");
  rig.file("Dockerfile", "FROM busybox\n");
  await rig.mustBuild("-t", "base", "-o", `type=docker,dest=${archive}`);
  await rig.slipway(["rmi", "base"]);
  const { exitCode, stderr } = await rig.slipway(["load", "-i", archive]);
  assert.equal(exitCode, 0, stderr);
  rig.file("Dockerfile", "FROM base\nRUN echo new > /new\n");
  return rig;
}

async function savedArchive(rig: Rig, name: string): Promise<string> {
  const archive = path.join(rig.dir, `${name}.tar`);
  const { exitCode, stderr } = await rig.slipway(["save", "-o", archive, name]);
  assert.equal(exitCode, 0, stderr);
  return archive;
}

function topOf(layout: string): Described {
  const index = JSON.parse(readFileSync(path.join(layout, "index.json"), "utf8")) as Document;
  return index.manifests[0]!;
}

function read(layout: string, { digest }: Described): Document {
  return JSON.parse(readFileSync(path.join(layout, "blobs", digest.replace(":", "/")), "utf8")) as Document;
}

function missing(...tools: string[]): string | false {
  const absent = tools.find((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
  return absent !== undefined && `needs ${absent}`;
}

async function must(file: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await run(file, args);
  assert.equal(exitCode, 0, stderr);
}
