import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { generateKeyPairSync } from "node:crypto";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers() || isMissing;

const dockerfile = `FROM busybox
RUN mkdir -p /lib/apk/db && printf 'P:musl\\nV:1.0\\nA:x86_64\\nL:MIT\\n\\n' > /lib/apk/db/installed
`;

interface Listed {
  readonly digest: string;
  readonly artifactType: string;
  readonly subject: string;
  readonly annotations?: Record<string, string>;
}

test("attestations as referrers leave the image as it is, are found beside it, and are copied with it", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const name = `${registry.host}/team/app`;
  await rig.mustBuild("--reproducible", "-t", `${name}:plain`, "--push");
  const form = ["--attest=type=sbom,form=referrer", "--attest=type=provenance,mode=min,form=referrer"];
  await rig.mustBuild("--reproducible", ...form, "-t", `${name}:1`, "--push");
  const { digest, referrers } = await listed(rig, `${name}:1`);
  assert.equal(digest, (await listed(rig, `${name}:plain`)).digest);
  const types = referrers.map(({ artifactType, annotations, subject }) => {
    assert.equal(subject, digest);
    return [artifactType, annotations?.["in-toto.io/predicate-type"]];
  });
  assert.deepEqual(types, [
    ["application/vnd.in-toto+json", "https://spdx.dev/Document"],
    ["application/vnd.in-toto+json", "https://slsa.dev/provenance/v1"],
  ]);

  // Somebody who has never seen the image asks the registry.
  const other = Rig.create(t);
  const sbom = await other.slipway(["sbom", "--attached", `${name}:1`]);
  assert.match(sbom.stdout, /"name": "musl"/, sbom.stderr);
  const provenance = await other.slipway(["provenance", `${name}:1`]);
  assert.match(provenance.stdout, /"buildType": /, provenance.stderr);

  const key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyFile = path.join(rig.dir, "key.pem");
  writeFileSync(keyFile, key.privateKey.export({ type: "pkcs8", format: "pem" }));
  const byTag = "--new-bundle-format=false";
  assert.equal((await rig.slipway(["sign", "--key", keyFile, byTag, `${name}:1`])).exitCode, 0);

  const predicate = path.join(rig.dir, "predicate.json");
  writeFileSync(predicate, '{\n "by": "hand"\n}\n');
  const attest = (...args: string[]) => rig.slipway(["attest", "--key", keyFile, ...args, `${name}:1`]);
  const signed = await attest("--type", "custom", "--predicate", predicate);
  assert.equal(signed.stdout, `Attested ${name}@${digest}\n`, signed.stderr);
  const refusedType = await attest("--type", "nothing", "--predicate", predicate);
  assert.match(refusedType.stderr, /^ERROR: Cannot use predicate type "nothing": it is no URI\n/);
  const noPredicate = await attest("--type", "custom", "--predicate", keyFile);
  assert.match(noPredicate.stderr, /^ERROR: Cannot read predicate ".*key\.pem": it is no JSON\n/);

  const [source, target] = [`docker://${name}:1`, `docker://${registry.host}/copy:1`];
  assert.equal((await other.slipway(["copy", "-q", source, target])).exitCode, 0);
  assert.deepEqual((await listed(other, `${registry.host}/copy:1`)).referrers, []);
  const copied = await other.slipway(["copy", "-q", "--recursive", source, target]);
  assert.equal(copied.exitCode, 0, copied.stderr);
  const all = await listed(other, `${name}:1`);
  assert.equal(all.referrers.length, referrers.length + 1);
  assert.deepEqual(await listed(other, `${registry.host}/copy:1`), all);
  const publicFile = path.join(rig.dir, "key.pub");
  writeFileSync(publicFile, key.publicKey.export({ type: "spki", format: "pem" }));
  const identity = ["--identity", name];
  const verified = await other.slipway([
    "verify",
    "--key",
    publicFile,
    ...identity,
    `${registry.host}/copy:1`,
  ]);
  assert.equal(verified.exitCode, 0, verified.stderr);
  const told = await other.slipway([
    "verify-attestation",
    "--key",
    publicFile,
    "--type=custom",
    `${registry.host}/copy:1`,
  ]);
  assert.deepEqual(
    (JSON.parse(told.stdout) as { predicate: unknown }).predicate,
    { by: "hand" },
    told.stderr,
  );
  const refused = await other.slipway(["copy", "-r", source, `oci:${path.join(other.dir, "layout")}`]);
  assert.match(refused.stderr, /^ERROR: Cannot copy referrers: they are kept by registries alone\n/);
});

test("files are attached to an image, and listed by their type", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const name = `${registry.host}/app`;
  await rig.mustBuild("-t", name, "--push");
  const sbom = { spdxVersion: "SPDX-2.3", name: "by hand" };
  const file = rig.file("../sbom.json", JSON.stringify(sbom));
  const attach = async (...args: string[]) => await rig.slipway(["attach", ...args]);
  const attached = await attach("--artifact-type", "application/spdx+json", "-a", "by=hand", name, file);
  const { digest, referrers } = await listed(rig, name);
  assert.equal(attached.stdout, `Attached ${referrers[0]!.digest} to ${name}@${digest}\n`, attached.stderr);
  assert.deepEqual(referrers[0]!.annotations, { by: "hand" });
  const log = rig.file("../log.txt", "tested\n");
  await attach("--artifact-type", "application/vnd.example.log", name, `${log}:text/plain`);
  assert.equal((await listed(rig, name)).referrers.length, 2);
  assert.deepEqual(
    (await listed(rig, name, "--artifact-type", "application/spdx+json")).referrers,
    referrers,
  );
  const table = (await rig.slipway(["referrers", name])).stdout.split("\n");
  assert.match(table[0]!, /^DIGEST +ARTIFACT TYPE +PREDICATE TYPE$/);
  assert.match(table[2]!, /^sha256:[0-9a-f]{64} +application\/vnd\.example\.log$/);

  const other = Rig.create(t);
  assert.deepEqual(JSON.parse((await other.slipway(["sbom", "--attached", name])).stdout), sbom);
  const none = await other.slipway(["provenance", name]);
  assert.equal(none.exitCode, 1);
  assert.equal(
    none.stderr,
    `ERROR: Cannot show the provenance of ${name}:latest: it has none\nhint: attach it with: slipway build --provenance=true\n`,
  );
  const missing = await attach("--artifact-type", "text/plain", name, "nowhere.txt");
  assert.equal(missing.exitCode, 2);
  assert.match(
    missing.stderr,
    /^ERROR: Cannot attach ".*\/nowhere\.txt": cannot stat .*: no such file or directory\n/,
  );
});

test("an SBOM that is attested in a sigstore bundle is shown as attached, and listed by its type", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\n");
  const name = `${registry.host}/app`;
  await rig.mustBuild("-t", name, "--push");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = rig.file("../key.pem", privateKey.export({ type: "pkcs8", format: "pem" }));
  const sbom = { spdxVersion: "SPDX-2.3", name: "by hand" };
  const file = rig.file("../sbom.json", JSON.stringify(sbom));
  for (const args of [
    ["sign", "--key", key, name],
    ["attest", "--key", key, "--type", "spdxjson", "--predicate", file, name],
  ])
    assert.equal((await rig.slipway(args)).exitCode, 0);
  const shown = await Rig.create(t).slipway(["sbom", "--attached", name]);
  assert.deepEqual(JSON.parse(shown.stdout), sbom, shown.stderr);
  const table = (await rig.slipway(["referrers", name])).stdout.split("\n");
  const types = table.slice(1, -1).map((line) => line.split(/ +/)[2]);
  assert.deepEqual(types, ["https://sigstore.dev/cosign/sign/v1", "https://spdx.dev/Document"]);
});

test("an attested image keeps its digest through layouts, archives and registries", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const name = `${registry.host}/app`;
  await rig.mustBuild("--sbom=true", "--provenance=mode=max", "-t", `${name}:1`, "--push");
  const { digest } = await listed(rig, `${name}:1`);
  assert.match((await rig.slipway(["provenance", `${name}:1`])).stdout, /llbDefinition/);
  const other = Rig.create(t);
  const layout = path.join(other.dir, "layout");
  const archive = path.join(other.dir, "archive.tar");
  const steps: [string, string][] = [
    [`docker://${name}:1`, `oci:${layout}:1`],
    [`oci:${layout}:1`, `docker://${registry.host}/from-layout:1`],
    [`docker://${name}:1`, `oci-archive:${archive}`],
    [`oci-archive:${archive}`, "app:stored"],
    ["app:stored", `docker://${registry.host}/from-store:1`],
  ];
  for (const [from, to] of steps) {
    const { exitCode, stderr } = await other.slipway(["copy", "-q", from, to]);
    assert.equal(exitCode, 0, `${from} to ${to}: ${stderr}`);
  }
  const index = JSON.parse(readFileSync(path.join(layout, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  assert.equal(index.manifests[0]!.digest, digest);
  for (const copy of ["from-layout:1", "from-store:1"])
    assert.equal((await listed(other, `${registry.host}/${copy}`)).digest, digest, copy);
  const stored = await other.slipway(["sbom", "--attached", "app:stored"]);
  assert.match(stored.stdout, /"name": "musl"/, stored.stderr);
  const third = Rig.create(t);
  const fetched = await third.slipway(["sbom", "--attached", `${registry.host}/from-store:1`]);
  assert.match(fetched.stdout, /"name": "musl"/, fetched.stderr);

  // An index made of it tells the same of its image.
  await third.slipway(["manifest", "create", `${registry.host}/all:1`, `${name}:1`]);
  assert.equal((await third.slipway(["manifest", "push", `${registry.host}/all:1`])).exitCode, 0);
  const again = await Rig.create(t).slipway(["provenance", `${registry.host}/all:1`]);
  assert.match(again.stdout, /llbDefinition/, again.stderr);
});

async function listed(
  rig: Rig,
  name: string,
  ...flags: readonly string[]
): Promise<{ readonly digest: string; readonly referrers: readonly Listed[] }> {
  const { stdout, stderr } = await rig.slipway(["referrers", "--format", "json", ...flags, name]);
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout) as { digest: string; referrers: Listed[] };
}
