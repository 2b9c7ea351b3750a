import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers() || isMissing;

interface Index {
  readonly mediaType: string;
  readonly manifests: readonly {
    digest: string;
    platform: { architecture: string; os: string; variant?: string };
  }[];
}

function parseIndex(text: string): Index {
  return JSON.parse(text) as Index;
}

test("images that were pushed by digest from several machines become one image for their platforms", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const name = `${registry.host}/app`;
  const digests: string[] = [];
  for (const platform of ["linux/amd64", "linux/arm/v7"]) {
    const machine = Rig.create(t);
    machine.file("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /$TARGETARCH\n");
    const metadataFile = path.join(machine.dir, "metadata.json");
    const output = `type=registry,name=${name},push-by-digest=true`;
    await machine.mustBuild("--platform", platform, "-o", output, "--metadata-file", metadataFile);
    const metadata = JSON.parse(readFileSync(metadataFile, "utf8")) as Record<string, string>;
    digests.push(metadata["containerimage.digest"]!);
  }

  const rig = Rig.create(t);
  const members = digests.map((digest) => `${name}@${digest}`);
  const created = await rig.slipway(["manifest", "create", `${name}:v1`, ...members]);
  assert.deepEqual(created, { exitCode: 0, stdout: `Created manifest list ${name}:v1\n`, stderr: "" });
  const refused = await rig.slipway(["manifest", "create", `${name}:v1`, members[0]!]);
  assert.match(refused.stderr, /it is an image already\nhint: add to it with --amend/);
  const annotated = await rig.slipway(["manifest", "annotate", "--variant", "v6", `${name}:v1`, members[1]!]);
  assert.equal(annotated.exitCode, 0, annotated.stderr);
  const pushed = await rig.slipway(["manifest", "push", `${name}:v1`]);
  assert.match(pushed.stdout, /^sha256:[0-9a-f]{64}\n$/);

  const other = Rig.create(t);
  const { stdout } = await other.slipway(["manifest", "inspect", `${name}:v1`]);
  assert.deepEqual(
    parseIndex(stdout).manifests.map(({ digest, platform }) => [digest, platform]),
    [
      [digests[0], { architecture: "amd64", os: "linux" }],
      [digests[1], { architecture: "arm", os: "linux", variant: "v6" }],
    ],
  );
  const shown = await other.slipway(["pull", "--platform", "linux/arm/v6", `${name}:v1`]);
  assert.equal(shown.exitCode, 0, shown.stderr);

  // All images of an image for several platforms are taken; one that is there for a platform is replaced.
  const merged = await other.slipway(["manifest", "create", "merged", `${name}:v1`, members[0]!]);
  assert.equal(merged.exitCode, 0, merged.stderr);
  const again = parseIndex((await other.slipway(["manifest", "inspect", "merged"])).stdout);
  assert.deepEqual(
    again.manifests.map(({ digest }) => digest),
    [digests[1], digests[0]],
  );
});

test("images of the store are put together without a registry, and their index is saved", {
  skip,
}, async (t) => {
  const rig = Rig.create(t);
  rig.file("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  for (const arch of ["amd64", "arm64"])
    await rig.mustBuild("--platform", `linux/${arch}`, "-t", `app:${arch}`);
  await rig.slipway(["manifest", "create", "app", "app:amd64", "app:arm64"]);
  const index = parseIndex((await rig.slipway(["manifest", "inspect", "app"])).stdout);
  assert.equal(index.mediaType, "application/vnd.oci.image.index.v1+json");
  assert.deepEqual(
    index.manifests.map(({ platform }) => platform.architecture),
    ["amd64", "arm64"],
  );
  const unknown = await rig.slipway(["manifest", "annotate", "--arch", "arm", "app", "app:latest2"]);
  assert.deepEqual(
    [unknown.exitCode, unknown.stderr],
    [5, "ERROR: manifest for image app:latest2 does not exist in app\n"],
  );
  await rig.slipway(["manifest", "annotate", "--arch", "ppc64le", "app", "app:arm64"]);
  const changed = parseIndex((await rig.slipway(["manifest", "inspect", "app"])).stdout);
  assert.equal(changed.manifests[1]!.platform.architecture, "ppc64le");
  assert.equal(changed.manifests[1]!.digest, index.manifests[1]!.digest);
});
