import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

const dockerfile = "FROM busybox\nRUN echo 1 > /made\nLABEL a=b\n";

test("an output may have a time of its own, or none", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const at = (name: string) => path.join(rig.dir, name);
  const outputs = [
    `type=oci,dest=${at("own")},tar=false,source-date-epoch=1700000000,rewrite-timestamp=true`,
    `type=oci,dest=${at("build")},tar=false`,
    `type=oci,dest=${at("none")},tar=false,source-date-epoch=,rewrite-timestamp=true`,
    `type=local,dest=${at("files")},source-date-epoch=1700000001`,
    `type=tar,dest=${at("tar")},source-date-epoch=1700000002`,
  ];
  const time = ["--build-arg", "SOURCE_DATE_EPOCH=1700000005"];
  await rig.mustBuild(...time, ...outputs.flatMap((output) => ["-o", output]));
  const times = (name: string) => {
    const { created, history } = readConfig(at(name));
    return [created, ...history.slice(-2).map((entry) => entry.created)];
  };
  assert.deepEqual(times("own"), Array(3).fill("2023-11-14T22:13:20Z"));
  assert.deepEqual(times("build"), Array(3).fill("2023-11-14T22:13:25Z"));
  // What the build said stays said; only files are spared.
  assert.deepEqual(times("none"), times("build"));
  assert.ok(timesOfLastLayer(at("none")).every((each) => !each.startsWith("2023-11-14")));
  assert.deepEqual(timesOfLastLayer(at("own")), ["2023-11-14 22:13:20"]);
  assert.equal(statSync(path.join(at("files"), "made")).mtimeMs, 1_700_000_001_000);
  const listed = execFileSync("tar", ["--utc", "--full-time", "-tvf", at("tar"), "made"], {
    encoding: "utf8",
  });
  assert.match(listed, / 2023-11-14 22:13:22 made$/m);
});

test("with store=false the image is pushed and not kept", { skip: skip || isMissing }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const name = `${registry.host}/app:1`;
  const names = async () => {
    const { stdout, exitCode } = await rig.slipway(["images"]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /busybox/);
    const lines = stdout.split("\n").filter((line) => line.includes("app"));
    return lines.map((line) => line.split(/\s+/, 2).join(":"));
  };
  await rig.mustBuild("-t", name, "-o", "type=image,push=true,store=false");
  assert.deepEqual(await names(), []);
  await rig.mustBuild("-t", "app", "-o", "type=image,store=false");
  assert.deepEqual(await names(), []);
  // What another output keeps is kept.
  await rig.mustBuild("-t", "app:2", "-o", "type=image,store=false", "-o", "type=image");
  assert.deepEqual(await names(), ["app:2"]);
  const other = Rig.create(t);
  assert.equal((await other.slipway(["run", name, "cat", "/made"])).stdout, "1\n");
});

test("dangling-name-prefix names the image by its digest", { skip: skip || isMissing }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  await rig.mustBuild("-o", "type=image,dangling-name-prefix=made");
  const inspected = async (name: string) => {
    const { stdout, exitCode } = await rig.slipway(["inspect", name]);
    return exitCode === 0 ? (JSON.parse(stdout) as [{ Id: string }])[0].Id : undefined;
  };
  const pushed = `${registry.host}/app:1`;
  const metadata = path.join(rig.dir, "metadata.json");
  await rig.mustBuild(
    "-t",
    pushed,
    "-o",
    "type=image,push=true,dangling-name-prefix=other,danging-name-empty-only=true",
    "--metadata-file",
    metadata,
  );
  const { "containerimage.digest": digest } = JSON.parse(readFileSync(metadata, "utf8")) as {
    "containerimage.digest": string;
  };
  assert.equal(await inspected(`made@${digest}`), await inspected(pushed));
  assert.equal(await inspected(`other@${digest}`), undefined);
});

interface Config {
  readonly created: string;
  readonly history: readonly { readonly created: string }[];
}

function readBlob(layout: string, digest: string): Buffer {
  const bytes = readFileSync(path.join(layout, "blobs/sha256", digest.slice("sha256:".length)));
  assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, digest);
  return bytes;
}

function readManifest(layout: string) {
  const index = JSON.parse(readFileSync(path.join(layout, "index.json"), "utf8")) as {
    manifests: [{ digest: string }];
  };
  return JSON.parse(readBlob(layout, index.manifests[0].digest).toString()) as {
    readonly config: { readonly digest: string };
    readonly layers: readonly { readonly digest: string }[];
  };
}

function readConfig(layout: string): Config {
  return JSON.parse(readBlob(layout, readManifest(layout).config.digest).toString()) as Config;
}

function timesOfLastLayer(layout: string): readonly string[] {
  const input = readBlob(layout, readManifest(layout).layers.at(-1)!.digest);
  const listed = execFileSync("tar", ["--utc", "--full-time", "-tvzf", "-"], { input, encoding: "utf8" });
  return listed
    .trimEnd()
    .split("\n")
    .map((line) => /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(line)![0]);
}
