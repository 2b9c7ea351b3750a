import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { account, DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, missingForTerminals, Rig } from "./rig.ts";

const skip = missingForContainers() || isMissing;

const dockerfile = "FROM busybox\nRUN echo made > /made\n";

test("what is built with --push is pulled elsewhere and runs", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const name = `${registry.host}/team/app`;
  const metadataFile = path.join(rig.dir, "metadata.json");
  await rig.mustBuild("-t", `${name}:v1`, "-t", `${name}:v2`, "--push", "--metadata-file", metadataFile);
  const digest = digestIn(metadataFile);

  const other = Rig.create(t);
  for (const reference of [`${name}:v1`, `${name}:v2`, `${name}@${digest}`]) {
    assert.equal((await other.slipway(["pull", "-q", reference])).exitCode, 0, reference);
    assert.equal((await other.slipway(["run", reference, "cat", "/made"])).stdout, "made\n");
  }
  const unnamed = await rig.build("--push");
  assert.equal(unnamed.exitCode, 2);
  assert.match(unnamed.stderr, /^ERROR: tag is needed when pushing to registry\n/);
});

test("on a terminal the digest stays below the progress", {
  skip: skip || missingForTerminals,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  const name = `${registry.host}/app:v1`;
  await rig.slipway(["tag", "busybox", name]);
  const { stdout } = await rig.onTerminal("push", name);
  assert.match(stdout, /\[\+\] Pushing /);
  const afterwards = stdout.slice(stdout.indexOf("v1: digest: sha256:"));
  assert.match(afterwards, /^v1: digest: sha256:[0-9a-f]{64} size: \d+\r\n$/);
});

test("an image for several platforms is pushed with all its images, and each is pulled from its index", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /arch\n");
  for (const name of ["amd64", "arm64"]) rig.file(name, `${name}\n`);
  const name = `${registry.host}/app`;
  await rig.mustBuild("--platform", "linux/amd64,linux/arm64", "-t", name);
  const pushed = await rig.slipway(["push", name]);
  assert.match(pushed.stdout, /^latest: digest: sha256:[0-9a-f]{64} size: \d+\n$/);
  const [digest] = /sha256:[0-9a-f]{64}/.exec(pushed.stdout)!;

  const other = Rig.create(t);
  const inspect = async () =>
    JSON.parse((await other.slipway(["inspect", name])).stdout) as [
      { Id: string; Architecture: string; RepoDigests: string[]; Slipway: { Platforms?: string[] } },
    ];
  await other.slipway(["pull", "--platform", "linux/arm64", name]);
  const [one] = await inspect();
  assert.deepEqual([one.Architecture, one.RepoDigests], ["arm64", [`${name}@${digest}`]]);
  await other.slipway(["pull", "--platform", "linux/amd64", name]);
  const [both] = await inspect();
  assert.deepEqual([both.Id, both.Slipway.Platforms], [digest, ["linux/arm64", "linux/amd64"]]);

  // What came whole is pushed on as it came.
  await other.slipway(["tag", name, `${registry.host}/copy:1`]);
  assert.match(
    (await other.slipway(["push", `${registry.host}/copy:1`])).stdout,
    new RegExp(`^1: digest: ${digest} `),
  );

  // A build for both takes both from the index that the store knows.
  rig.file("Dockerfile", `FROM ${name}\nCOPY Dockerfile /\n`);
  const tree = Rig.create(t);
  const built = await tree.slipway(
    ["build", "--platform", "linux/amd64,linux/arm64", "-o", path.join(tree.dir, "out"), rig.contextDir],
    { cwd: tree.dir },
  );
  assert.equal(built.exitCode, 0, built.stderr);
  for (const arch of ["amd64", "arm64"]) {
    assert.equal(readFileSync(path.join(tree.dir, `out/linux_${arch}/arch`), "utf8"), `${arch}\n`);
  }
  const missing = await tree.slipway(["pull", "--platform", "linux/s390x", name]);
  assert.equal(missing.exitCode, 5);
  assert.match(
    missing.stderr,
    /no match for platform in manifest: not found\nhint: .* linux\/amd64, linux\/arm64/,
  );
});

test("all tags of a repository are pushed at once, and an image by its digest alone", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  const name = `${registry.host}/box`;
  for (const tag of ["one", "two"]) await rig.slipway(["tag", "busybox", `${name}:${tag}`]);
  await rig.slipway(["tag", "busybox", `${registry.host}/other:three`]);
  const pushed = await rig.slipway(["push", "-a", name]);
  assert.match(pushed.stdout, /^(one|two): digest: (\S+) size: \d+\n(one|two): digest: \2 size: \d+\n$/);
  assert.deepEqual(await rig.slipway(["push", "-q", `${name}:one`]), {
    exitCode: 0,
    stdout: `${name}:one\n`,
    stderr: "",
  });
  const missing = await rig.slipway(["push", `${name}:absent`]);
  assert.equal(missing.exitCode, 5);
  assert.equal(missing.stderr, `ERROR: An image does not exist locally with the tag: ${name}:absent\n`);

  rig.file("Dockerfile", dockerfile);
  const metadataFile = path.join(rig.dir, "metadata.json");
  const output = `type=image,push-by-digest=true,name-canonical=true,push=true,name=${registry.host}/bydigest`;
  await rig.mustBuild("-o", output, "--metadata-file", metadataFile);
  const digest = digestIn(metadataFile);
  const other = Rig.create(t);
  assert.equal((await other.slipway(["pull", `${registry.host}/bydigest@${digest}`])).exitCode, 0);
  const tagged = await other.slipway(["pull", `${registry.host}/bydigest`]);
  assert.equal(tagged.exitCode, 5, "it has no tag");
});

test("a name that one output gives is not pushed by another", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const archive = path.join(rig.dir, "app.tar");
  const [given, pushed] = [`${registry.host}/given`, `${registry.host}/pushed`];
  const outputs = [`type=oci,dest=${archive},name=nowhere.example/app:1`, `type=registry,name=${pushed}`];
  await rig.mustBuild("-t", given, ...outputs.flatMap((output) => ["-o", output]));
  const other = Rig.create(t);
  for (const name of [given, pushed]) assert.equal((await other.slipway(["pull", name])).exitCode, 0, name);
  const loaded = await other.slipway(["load", "-i", archive]);
  assert.equal(loaded.stdout, `Loaded image: ${given}:latest\nLoaded image: nowhere.example/app:1\n`);
});

test("all tags of a repository are pulled at once", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  const name = `${registry.host}/box`;
  for (const tag of ["one", "two"]) await rig.slipway(["tag", "busybox", `${name}:${tag}`]);
  assert.equal((await rig.slipway(["push", "-a", name])).exitCode, 0);
  const other = Rig.create(t);
  const pulled = await other.slipway(["pull", "-q", "-a", name]);
  assert.deepEqual(pulled, { exitCode: 0, stdout: `${name}:one\n${name}:two\n`, stderr: "" });
  const tagged = await other.slipway(["pull", "--all-tags", `${name}:one`]);
  assert.deepEqual(
    [tagged.exitCode, tagged.stderr],
    [2, "ERROR: tag can't be used with --all-tags/-a\nhint: leave the tag out\n"],
  );
});

test("a registry with an unknown certificate is pushed to and pulled from when it need not be verified", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start({ tls: true });
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  // Leads to this machine, but is no loopback address, which is never verified.
  const name = `${registry.host.replace("127.0.0.1", "0.0.0.0")}/app`;
  const refused = await rig.build("-o", `type=registry,name=${name}`);
  assert.equal(refused.exitCode, 7);
  assert.match(refused.stderr, /its certificate is not trusted \(.*\)\n/);
  await rig.mustBuild("-o", `type=registry,name=${name},registry.insecure=true`, "-t", `${name}:2`);
  const other = Rig.create(t);
  const [keyFile, publicFile, predicate] = ["key.pem", "key.pub", "predicate.json"].map((file) =>
    path.join(rig.dir, file),
  ) as [string, string, string];
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(publicFile, publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(predicate, "{}");
  const attested = ["--type", "custom", name];
  for (const args of [
    ["pull", name],
    ["push", name],
    ["copy", "--all", `docker://${name}`, `docker://${name}:3`],
    ["login", "-u", "a", "-p", "b", name.replace("/app", "")],
    ["sign", "--key", keyFile, name],
    ["verify", "--key", publicFile, name],
    ["attest", "--key", keyFile, "--predicate", predicate, ...attested],
    ["verify-attestation", "--key", publicFile, ...attested],
    ["attach", "--artifact-type", "text/plain", name, predicate],
    ["referrers", name],
    ["manifest", "inspect", `${name}:3`],
    ["manifest", "create", `${name}:list`, `${name}:2`],
    ["manifest", "push", `${name}:list`],
  ]) {
    const env = { DOCKER_CONFIG: path.join(other.dir, "docker") };
    assert.notEqual((await other.slipway(args, { env })).exitCode, 0, `${args[0]} verifies`);
    const done = await other.slipway([...args, "--tls-verify=false"], { env });
    assert.equal(done.exitCode, 0, done.stderr);
  }
});

test("a push that may not be done says how to log in, and shows no secret", { skip }, async (t) => {
  await using registry = await DockerRegistry.start({ basicAuth: true });
  const rig = await Rig.withBusybox(t);
  const name = `${registry.host}/app`;
  await rig.slipway(["tag", "busybox", name]);
  const config = path.join(rig.dir, "docker");
  mkdirSync(config);
  const push = (auth: string) => {
    const auths = auth === "" ? {} : { [registry.host]: { auth: Buffer.from(auth).toString("base64") } };
    writeFileSync(path.join(config, "config.json"), JSON.stringify({ auths }));
    return rig.slipway(["push", name], { env: { DOCKER_CONFIG: config } });
  };
  const anonymous = await push("");
  assert.equal(anonymous.exitCode, 6);
  assert.match(anonymous.stderr, new RegExp(`log in with "slipway login ${registry.host}"`));
  const wrong = await push(`${account.username}:gue55ed`);
  assert.equal(wrong.exitCode, 6);
  assert.doesNotMatch(wrong.stderr, /gue55ed|Z3VlNTVlZA/);
  assert.equal((await push(`${account.username}:${account.password}`)).exitCode, 0);
});

function digestIn(metadataFile: string): string {
  const metadata = JSON.parse(readFileSync(metadataFile, "utf8")) as Record<string, string>;
  return metadata["containerimage.digest"]!;
}
