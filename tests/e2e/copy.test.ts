import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers() || isMissing;

test("an image with all its platforms goes through every kind of place and stays the same", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  await using other = await DockerRegistry.start();
  const rig = Rig.create(t);
  rig.file("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /$TARGETARCH\n");
  await rig.mustBuild("--platform", "linux/amd64,linux/arm64", "-t", "app");
  const digest = await digestOf(rig, "app");

  const [layout, archive] = [path.join(rig.dir, "layout"), path.join(rig.dir, "app.tar")];
  const route = [
    "app",
    `oci:${layout}:v1`,
    `oci-archive:${archive}`,
    `docker://${registry.host}/team/app:v1`,
    `docker://${other.host}/copy`,
    `docker://${other.host}/again:2`,
    "store:back",
  ];
  const machine = Rig.create(t);
  for (const [index, source] of route.slice(0, -1).entries()) {
    const runner = index === 0 ? rig : machine;
    const copied = await runner.slipway(["copy", "-q", source, route[index + 1]!]);
    assert.deepEqual(copied, { exitCode: 0, stdout: "", stderr: "" }, `${source} to ${route[index + 1]}`);
  }
  assert.equal(await digestOf(machine, "back"), digest);
  const { manifests } = JSON.parse(readFileSync(path.join(layout, "index.json"), "utf8")) as {
    manifests: { digest: string; annotations: Record<string, string> }[];
  };
  assert.equal(manifests[0]!.digest, digest);
  assert.equal(manifests[0]!.annotations["org.opencontainers.image.ref.name"], "v1");
  const shown = await machine.slipway(["manifest", "inspect", `${other.host}/again:2`]);
  assert.match(shown.stdout, /"architecture": "arm64"/);
});

test("an index is copied between registries byte for byte, whatever is in it", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = Rig.create(t);
  rig.file("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  const [from, to] = [`${registry.host}/from`, `${registry.host}/to`];
  await rig.mustBuild("-t", from, "--push");
  const [manifest] = await get(registry, `from/manifests/latest`);
  // An index with an attestation, which is no image.
  const sha256 = execFileSync("sha256sum", { input: manifest }).toString().split(" ")[0]!;
  const described = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${sha256}`,
    size: manifest.length,
  };
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      { ...described, platform: { architecture: "amd64", os: "linux" } },
      { ...described, platform: { architecture: "unknown", os: "unknown" }, annotations: { x: "kept" } },
    ],
  });
  const put = await fetch(`http://${registry.host}/v2/from/manifests/index`, {
    method: "PUT",
    headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
    body: index,
  });
  assert.equal(put.status, 201);
  const copied = await rig.slipway(["copy", `docker://${from}:index`, `docker://${to}:index`]);
  assert.equal(copied.exitCode, 0, copied.stderr);
  const [bytes, type] = await get(registry, "to/manifests/index");
  assert.deepEqual([bytes.toString(), type], [index, "application/vnd.oci.image.index.v1+json"]);
});

test("what is not there, or not one image, is refused", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  await rig.slipway(["tag", "busybox", "second"]);
  rig.file("Dockerfile", "FROM busybox\nCOPY Dockerfile /\n");
  await rig.mustBuild("-t", "third");
  const archive = path.join(rig.dir, "two.tar");
  await rig.slipway(["save", "-o", archive, "second", "third"]);
  const ambiguous = await rig.slipway(["copy", `docker-archive:${archive}`, "copy"]);
  assert.equal(ambiguous.exitCode, 2);
  assert.match(
    ambiguous.stderr,
    /it holds several images\nhint: it has docker\.io\/library\/second:latest, /,
  );
  const named = await rig.slipway(["copy", "-q", `docker-archive:${archive}:third`, "copy"]);
  assert.deepEqual(named, { exitCode: 0, stdout: "", stderr: "" });
  assert.equal(
    (await rig.slipway(["run", "copy", "cat", "/Dockerfile"])).stdout,
    "FROM busybox\nCOPY Dockerfile /\n",
  );
  const missing = await rig.slipway(["copy", "docker-archive:missing.tar", "copy"]);
  assert.match(missing.stderr, /^ERROR: Cannot copy from "missing\.tar": no such file\n/);
  assert.equal((await rig.slipway(["copy", "absent", "oci:out"])).exitCode, 5);
});

async function digestOf(rig: Rig, name: string): Promise<string> {
  const { stdout } = await rig.slipway(["manifest", "inspect", name]);
  return `sha256:${execFileSync("sha256sum", { input: stdout.replace(/\n$/, "") })
    .toString()
    .slice(0, 64)}`;
}

async function get(registry: DockerRegistry, file: string): Promise<[Buffer, string | null]> {
  const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
  const answer = await fetch(`http://${registry.host}/v2/${file}`, { headers: { accept } });
  assert.equal(answer.status, 200);
  return [Buffer.from(await answer.arrayBuffer()), answer.headers.get("content-type")];
}
