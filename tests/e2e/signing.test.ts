import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers() || isMissing;

test("an image is signed with an encrypted key and verified with the public one", { skip }, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = Rig.create(t);
  const name = await pushed(rig, registry, "one");
  const { key, pub } = keys(rig, "-aes256", "-pass", "pass:hush");
  const unsigned = await rig.slipway(["verify", "--key", pub, name]);
  assert.equal(unsigned.exitCode, 1);
  assert.match(unsigned.stderr, /^ERROR: Cannot verify .*: it has no signature\nhint: /);

  const env = { COSIGN_PASSWORD: "hush" };
  const first = await rig.slipway(["sign", "--key", key, "-a", "by=ci", name], { env });
  assert.equal(first.exitCode, 0, first.stderr);
  const digest = /@(sha256:[0-9a-f]{64})\n$/.exec(first.stdout)![1]!;
  assert.equal(first.stdout, `Signed ${name}@${digest}\n`);
  const asCosign = ["--tlog-upload=false", "--use-signing-config=false", "-y", "--new-bundle-format"];
  const again = ["sign", "--key", key, "-a", "by=ci", ...asCosign, `${name}@${digest}`];
  const second = await rig.slipway(again, { env });
  assert.equal(second.stdout, `Already signed ${name}@${digest}\n`);

  const verified = await rig.slipway(["verify", "--insecure-ignore-tlog", "--key", pub, "-a", "by=ci", name]);
  assert.deepEqual([verified.exitCode, verified.stderr], [0, `Verified ${name}@${digest}\n`]);
  const critical = {
    identity: { "docker-reference": name },
    image: { "docker-manifest-digest": digest },
    type: "https://sigstore.dev/cosign/sign/v1",
  };
  assert.deepEqual(JSON.parse(verified.stdout), [{ critical, optional: { by: "ci" } }]);
  const other = await rig.slipway(["verify", "--key", keys(rig).pub, name]);
  assert.equal(other.exitCode, 1);
  assert.match(other.stderr, /its signature is not by this key/);
});

test("what cannot be meant or is not carried out is refused before anything is sent", { skip }, async (t) => {
  const rig = Rig.create(t);
  const { key, pub } = keys(rig);
  const attest = (file: string, ...args: string[]) => ["attest", "--key", file, "--type", "custom", ...args];
  const rows: [args: string[], exitCode: number, message: RegExp][] = [
    [["sign", "x"], 2, /without a key: keyless signatures \(Fulcio, Rekor\) are not supported/],
    [["verify", "x"], 2, /without a key: keyless signatures/],
    [["sign", "--key", "awskms://alias/k", "x"], 2, /keys of awskms are not supported/],
    [["sign", "--key", "absent.pem", "x"], 4, /Cannot read key "absent.pem"/],
    [["sign", "--key", pub, "x"], 2, /it is a public key/],
    [["verify", "--key", key, "x"], 2, /it is a private key/],
    [["verify", "--key", pub, "X//y"], 2, /invalid reference "X\/\/y"/],
    [["sign", "--key", key, "-a", "novalue", "x"], 2, /expected NAME=VALUE/],
    [["sign", "--key", key, "--new-bundle-format=x", "x"], 2, /it is true or false/],
    [["sign", "--key", key, "--tlog-upload", "x"], 2, /Cannot carry out --tlog-upload=true/],
    [["verify", "--key", pub, "--insecure-ignore-tlog=false", "x"], 2, /no transparency log is asked/],
    [["sign", "--fulcio-url", "x", "x"], 2, /need a certificate authority \(Fulcio\) and a log \(Rekor\)/],
    [["verify", "--certificate-identity", "x", "x"], 2, /need a certificate authority \(Fulcio\)/],
    [attest(key, "--predicate", "absent.json", "x"), 2, /Cannot read predicate "absent.json": ENOENT/],
    [attest(key, "--predicate", "/dev/zero", "x"), 2, /Cannot read predicate ".*": it has more than 67.1MB/],
    [attest(key, "--replace", "--predicate", pub, "x"), 2, /each sigstore bundle is an artifact of its own/],
  ];
  for (const [args, exitCode, message] of rows) {
    const result = await rig.slipway(args);
    assert.equal(result.exitCode, exitCode, `${args.join(" ")}: ${result.stderr}`);
    assert.match(result.stderr, message);
  }
});

test("what is in the registry is a sigstore bundle, and openssl finds its signature good", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = Rig.create(t);
  const { key, pub } = keys(rig);
  const name = await pushed(rig, registry, "app");
  assert.equal((await rig.slipway(["sign", "--key", key, name])).exitCode, 0);
  const { referrers } = JSON.parse((await rig.slipway(["referrers", "--format", "json", name])).stdout) as {
    referrers: readonly { digest: string; artifactType: string; annotations: Record<string, string> }[];
  };
  const [{ digest, artifactType, annotations }] = referrers as [(typeof referrers)[0]];
  assert.equal(artifactType, "application/vnd.dev.sigstore.bundle.v0.3+json");
  assert.equal(annotations["dev.sigstore.bundle.predicateType"], "https://sigstore.dev/cosign/sign/v1");
  const url = `http://${registry.host}/v2/app`;
  const answer = await fetch(`${url}/manifests/${digest}`, { headers: { accept: ociManifest } });
  const manifest = (await answer.json()) as { layers: [{ mediaType: string; digest: string }] };
  assert.equal(manifest.layers[0].mediaType, artifactType);
  const bundle = (await (await fetch(`${url}/blobs/${manifest.layers[0].digest}`)).json()) as {
    dsseEnvelope: { payload: string; payloadType: string; signatures: [{ sig: string }] };
  };
  const { payload, payloadType, signatures } = bundle.dsseEnvelope;
  const statement = Buffer.from(payload, "base64");
  const file = path.join(rig.dir, "signature");
  writeFileSync(file, Buffer.from(signatures[0].sig, "base64"));
  const said = execFileSync("openssl", ["dgst", "-sha256", "-verify", pub, "-signature", file], {
    input: `DSSEv1 ${payloadType.length} ${payloadType} ${statement.length} ${statement.toString()}`,
  });
  assert.equal(said.toString(), "Verified OK\n");
});

test("in the older form it is cosign's, and openssl finds the signature good", {
  skip,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = Rig.create(t);
  const { key, pub } = keys(rig);
  const name = await pushed(rig, registry, "app");
  const older = "--new-bundle-format=false";
  const { stdout, stderr } = await rig.slipway(["sign", "--key", key, older, name]);
  const digest = stdout.trim().split("@sha256:")[1];
  assert.ok(digest, stderr);
  const answer = await fetch(`http://${registry.host}/v2/app/manifests/sha256-${digest}.sig`, {
    headers: { accept: ociManifest },
  });
  assert.equal(answer.headers.get("content-type"), ociManifest);
  const manifest = (await answer.json()) as {
    layers: { mediaType: string; digest: string; annotations: Record<string, string> }[];
  };
  const [layer] = manifest.layers;
  assert.equal(layer!.mediaType, "application/vnd.dev.cosign.simplesigning.v1+json");
  const payload = await (await fetch(`http://${registry.host}/v2/app/blobs/${layer!.digest}`)).text();
  const identity = `{"identity":{"docker-reference":"${name}"}`;
  const image = `"image":{"docker-manifest-digest":"sha256:${digest}"}`;
  const type = '"type":"cosign container image signature"}';
  assert.equal(payload, `{"critical":${identity},${image},${type},"optional":null}`);
  const file = path.join(rig.dir, "signature");
  writeFileSync(file, Buffer.from(layer!.annotations["dev.cosignproject.cosign/signature"]!, "base64"));
  const said = execFileSync("openssl", ["dgst", "-sha256", "-verify", pub, "-signature", file], {
    input: payload,
  });
  assert.equal(said.toString(), "Verified OK\n");
});

for (const form of ["true", "false"])
  test(`cosign verifies what Slipway signs, and the other way round (--new-bundle-format=${form})`, {
    skip: skip || cosignIsMissing(form),
  }, async (t) => {
    await using registry = await DockerRegistry.start();
    const rig = Rig.create(t);
    const { key, pub } = keys(rig);
    const env = { ...process.env, COSIGN_PASSWORD: "hush", HOME: rig.dir };
    const cosign = (...args: string[]) =>
      execFileSync("cosign", args, { env, cwd: rig.dir, stdio: ["ignore", "pipe", "pipe"] }).toString();
    const predicate = rig.file("../predicate.json", '{"by":"hand"}');
    const said = ["--type", "https://example.com/by", "--predicate", predicate];
    const checked = ["--key", pub, "--insecure-ignore-tlog=true"];

    const ours = await pushed(rig, registry, "ours");
    const shape = `--new-bundle-format=${form}`;
    for (const args of [
      ["sign", "-a", "by=ci"],
      ["attest", ...said],
    ]) {
      const done = await rig.slipway([...args, "--key", key, shape, ours]);
      assert.equal(done.exitCode, 0, done.stderr);
    }
    assert.match(cosign("verify", ...checked, "-a", "by=ci", ours), /"optional":\{"by":"ci"\}/);
    const attested = ["verify-attestation", ...checked, "--type", said[1]!, ours];
    assert.match(cosign(...attested), /"payloadType":"application\/vnd.in-toto\+json"/);

    const theirs = await pushed(rig, registry, "theirs");
    cosign("import-key-pair", "--key", key, "--output-key-prefix", "cosign", "-y");
    const named = ["--key", path.join(rig.dir, "cosign.key"), shape, ours];
    const again = await rig.slipway(["sign", "-a", "by=ci", ...named], { env: { COSIGN_PASSWORD: "hush" } });
    assert.match(again.stdout, /^Already signed /, again.stderr);
    const quiet = ["--key", "cosign.key", "--tlog-upload=false", "-y", ...cosignForm(form)];
    cosign("sign", ...quiet, "-a", "by=ci", theirs);
    cosign("attest", ...quiet, ...said, theirs);
    const verified = await rig.slipway(["verify", "--key", pub, "-a", "by=ci", theirs]);
    assert.equal(verified.exitCode, 0, verified.stderr);
    const read = await rig.slipway(["verify-attestation", "--key", pub, "--type", said[1]!, theirs]);
    const { predicate: by } = JSON.parse(read.stdout) as { predicate: unknown };
    assert.deepEqual(by, { by: "hand" }, read.stderr);
  });

/** Only cosign 3 knows bundles of images; what it then signs goes to no service. */
function cosignForm(form: string): readonly string[] {
  return cosignVersion() < 3 ? [] : ["--use-signing-config=false", `--new-bundle-format=${form}`];
}

function cosignIsMissing(form: string): string | false {
  const version = cosignVersion();
  if (version === 0) return "cosign is not installed";
  return form === "true" && version < 3 ? "cosign is older than 3" : false;
}

/** 0: it is not there. */
function cosignVersion(): number {
  const { stdout } = spawnSync("cosign", ["version"], { encoding: "utf8" });
  return Number(/GitVersion:\s+v(\d+)/.exec(stdout ?? "")?.[1] ?? 0);
}

const ociManifest = "application/vnd.oci.image.manifest.v1+json";

async function pushed(rig: Rig, registry: DockerRegistry, repository: string): Promise<string> {
  const name = `${registry.host}/${repository}`;
  rig.file("Dockerfile", `FROM scratch\nLABEL name=${repository}\nCOPY Dockerfile /\n`);
  await rig.mustBuild("-t", name, "--push");
  return name;
}

let made = 0;

/** Made by openssl, as the documentation says. */
function keys(rig: Rig, ...options: readonly string[]): { key: string; pub: string } {
  const [key, pub] = ["pem", "pub"].map((end) => path.join(rig.dir, `key-${made}.${end}`)) as [
    string,
    string,
  ];
  made++;
  const curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
  execFileSync("openssl", ["genpkey", ...curve, ...options, "-out", key], { stdio: "ignore" });
  const password = options.length > 0 ? ["-passin", "pass:hush"] : [];
  execFileSync("openssl", ["pkey", "-in", key, ...password, "-pubout", "-out", pub]);
  assert.match(readFileSync(pub, "utf8"), /BEGIN PUBLIC KEY/);
  return { key, pub };
}
