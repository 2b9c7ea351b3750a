import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import {
  attestedDockerfile,
  builtLayout,
  hostArchitecture,
  packageNames,
  type Provenance,
  pulled,
  type Statement,
} from "./read-attestations.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
const skipRegistry = skip || isMissing;

const token = "correct-horse-battery";

test("an attested image is pushed with its SBOM and its provenance in the index", {
  skip: skipRegistry,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", attestedDockerfile);
  const secret = rig.file("../token", token);
  const name = `${registry.host}/team/app`;
  const flags = ["--secret", `id=token,src=${secret}`, "--build-arg", "LEVEL=1", "--target", "app"];
  await rig.mustBuild(
    ...flags,
    "--build-arg",
    `NOTE=is ${token}`,
    "--sbom=true",
    "--provenance=mode=max",
    "-t",
    `${name}:1`,
    "--push",
  );
  const { index, attested } = await pulled(registry.host, "team/app", "1");
  const [image, attestation] = index.manifests!;
  assert.deepEqual(image!.platform, { architecture: hostArchitecture(), os: "linux" });
  assert.deepEqual(attestation!.platform, { architecture: "unknown", os: "unknown" });
  assert.deepEqual(attestation!.annotations, {
    "vnd.docker.reference.digest": image!.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  });
  assert.equal(attested.manifest.subject?.digest, image!.digest);
  assert.deepEqual(
    attested.statements.map(({ predicateType, subject }) => [predicateType, subject]),
    ["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"].map((type) => [
      type,
      [
        {
          name: `pkg:docker/${name}@1?platform=linux%2F${hostArchitecture()}`,
          digest: { sha256: image!.digest.slice("sha256:".length) },
        },
      ],
    ]),
  );
  const [sbom, provenance] = attested.statements;
  assert.deepEqual(packageNames(sbom!), ["musl"]);
  const { buildDefinition } = provenance!.predicate as unknown as Provenance;
  assert.deepEqual(buildDefinition.externalParameters.request.args, {
    "build-arg:LEVEL": "1",
    "build-arg:NOTE": "is xxxxx",
    target: "app",
  });
  assert.deepEqual(buildDefinition.externalParameters.request.secrets, [{ id: "token", optional: true }]);
  assert.match(buildDefinition.resolvedDependencies[0]!.uri, /^pkg:docker\/busybox@latest\?platform=linux/);
  for (const text of attested.texts) {
    assert.ok(!text.includes(token), "no secret");
    assert.ok(!text.includes(Buffer.from(token).toString("base64").slice(0, 20)), "no secret");
    assert.ok(!text.includes(rig.dir), "no path of this machine");
  }

  const [inspected] = JSON.parse((await rig.slipway(["inspect", `${name}:1`])).stdout) as [
    { Id: string; Slipway: { Attestations: string[] } },
  ];
  assert.deepEqual(inspected.Slipway.Attestations, [
    "https://spdx.dev/Document",
    "https://slsa.dev/provenance/v1",
  ]);

  // The store keeps what was said, and says it again.
  assert.equal((await rig.slipway(["prune", "--force"])).exitCode, 0);
  await rig.slipway(["tag", `${name}:1`, `${name}:again`]);
  await rig.slipway(["push", `${name}:again`]);
  assert.deepEqual((await pulled(registry.host, "team/app", "again")).index, index);

  // It is an image like any other for those who pull it, and is built upon.
  const other = Rig.create(t);
  assert.equal((await other.slipway(["run", `${name}:1`, "cat", "/etc/group"])).exitCode, 0);
});

test("each target has its own list of packages, and each platform its own attestations", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", `${attestedDockerfile}FROM scratch AS none\nCOPY Dockerfile /\n`);
  const listed = async (target: string) => {
    const { attested } = await builtLayout(rig, "--target", target, "--sbom", "true");
    return attested.flatMap(({ statements }) => statements.map(packageNames));
  };
  assert.deepEqual(await listed("base"), [["musl"]]);
  assert.deepEqual(await listed("other"), [["zlib"]]);
  const both = await builtLayout(
    rig,
    "--target",
    "none",
    "--platform=linux/amd64,linux/arm64",
    "--provenance=mode=min",
  );
  const [amd64, arm64] = both.index.manifests!;
  assert.deepEqual(
    both.attested.map(({ statements }) =>
      statements.map(({ subject }) => `sha256:${subject[0]!.digest.sha256}`),
    ),
    [[amd64!.digest], [arm64!.digest]],
  );
});

test("beside files, what is said of them is written as files", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM scratch AS one\nCOPY a b /dir/\nFROM busybox\nRUN true\n");
  for (const name of ["a", "b"]) rig.file(name, `${name}\n`);
  const dest = path.join(rig.dir, "out");
  const flags = ["--target=one", "--sbom=true", "--provenance=mode=min", "--reproducible"];
  await rig.mustBuild(...flags, "-o", dest);
  const statement = (file: string) => JSON.parse(readFileSync(path.join(dest, file), "utf8")) as Statement;
  const subject = ["a", "b"].map((name) => ({
    name: `dir/${name}`,
    digest: { sha256: createHash("sha256").update(`${name}\n`).digest("hex") },
  }));
  for (const [file, type] of [
    ["sbom.spdx.json", "https://spdx.dev/Document"],
    ["provenance.json", "https://slsa.dev/provenance/v1"],
  ] as const) {
    assert.deepEqual(statement(file).subject, subject);
    assert.equal(statement(file).predicateType, type);
  }
  const tar = path.join(rig.dir, "out.tar");
  await rig.mustBuild(
    ...flags,
    "--platform=linux/amd64,linux/arm64",
    "-o",
    `type=tar,dest=${tar},attestation-prefix=x-`,
  );
  const listed = execFileSync("tar", ["-tf", tar], { encoding: "utf8" }).split("\n");
  const attested = listed.filter((name) => name.endsWith(".json"));
  assert.deepEqual(
    attested,
    ["linux_amd64", "linux_arm64"].flatMap((name) => [
      `${name}/x-provenance.json`,
      `${name}/x-sbom.spdx.json`,
    ]),
  );
  await rig.mustBuild(
    ...flags,
    "--sbom=false",
    "--attest=type=provenance,inline-only=true",
    "-o",
    `${dest}2`,
  );
  assert.deepEqual(
    readdirSync(`${dest}2`).sort(),
    ["dir", "provenance.json"],
    "the last word on a type counts",
  );
  await rig.mustBuild("--target=one", "--attest=type=provenance,inline-only=true", "-o", `${dest}3`);
  assert.deepEqual(readdirSync(`${dest}3`), ["dir"]);
});

test("outputs that cannot hold attestations refuse them", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", attestedDockerfile);
  const refused = async (output: string, attest = "type=sbom") => {
    const { exitCode, stderr } = await rig.build("--attest", attest, "-o", output);
    assert.equal(exitCode, 2);
    return stderr.split("\n")[0];
  };
  assert.equal(
    await refused("type=docker,dest=x.tar"),
    "ERROR: docker exporter does not support exporting manifest lists, use the oci exporter instead",
  );
  assert.equal(
    await refused("type=oci,dest=x.tar", "type=sbom,form=referrer"),
    "ERROR: Cannot write referrers to an output of type=oci",
  );
});

test("the older form is written where artifacts are not wanted", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", attestedDockerfile);
  const { attested } = await builtLayout(rig, "--target=base", "--sbom=true", "oci-artifact=false");
  assert.deepEqual(
    attested.map(({ manifest }) => [manifest.artifactType, manifest.subject]),
    [[undefined, undefined]],
  );
});
