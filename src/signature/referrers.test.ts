import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { digestOf, type Descriptor, mediaTypes } from "../oci/index.ts";
import { blobOf, toArtifact } from "../registry/index.ts";
import type { FakeRegistryOptions } from "../registry/testing/fake-registry.ts";
import { failure, startPullRig } from "../registry/testing/pull-rig.ts";
import { bundleType, encodeBundle } from "./bundle.ts";
import { attestImage, signImage, verifyAttestation, verifyImage } from "./index.ts";
import { maxSignatureBundleBytes, signaturePredicateType } from "./sign-image.ts";
import { encodeStatement } from "./statement.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
const predicateType = "https://spdx.dev/Document";

for (const referrersPerPage of [undefined, 1]) {
  const where = referrersPerPage === undefined ? "under the fallback tag" : "by the referrers API";
  test(`bundles are found ${where}, as cosign describes them`, async () => {
    await using rig = await rigWithImage(referrersPerPage === undefined ? {} : { referrersPerPage });
    const { registry, image, digest, fake } = rig;
    await signImage(image, { key: ec.privateKey, registry, annotations: { by: "ci" } });
    await attestImage(image, { key: ec.privateKey, registry, predicateType, predicate: "{}" });
    const { claims } = await verifyImage(image, { key: ec.publicKey, registry, annotations: { by: "ci" } });
    assert.deepEqual(
      claims.map(({ optional }) => optional),
      [{ by: "ci" }],
    );
    const asked = failure(verifyImage(image, { key: ec.publicKey, registry, annotations: { by: "me" } }));
    assert.match((await asked).message, /: its signature does not say by=me$/);
    const { statements } = await verifyAttestation(image, { key: ec.publicKey, registry, predicateType });
    assert.equal(statements.length, 1);
    const listed = await registry.listReferrers({ ...image, digest }, bundleType);
    assert.deepEqual(
      listed.map(({ annotations }) => annotations?.["dev.sigstore.bundle.predicateType"]),
      [signaturePredicateType, predicateType],
    );
    // No tag of the older form.
    assert.equal(fake.count("PUT", /manifests\/sha256-[0-9a-f]+\.(sig|att)$/), 0);
  });
}

test("what this key attests of an image is no signature of it", async () => {
  await using rig = await rigWithImage();
  const { registry, image } = rig;
  await attestImage(image, { key: ec.privateKey, registry, predicateType, predicate: "{}" });
  const refused = await failure(verifyImage(image, { key: ec.publicKey, registry }));
  assert.match(refused.message, /: it has no signature$/);
  // Nor where the bundle is passed off as one.
  const statement = encodeStatement(image, rig.digest, { predicateType, predicate: "{}" });
  await rig.putBundle(encodeBundle(statement, ec.privateKey), { told: signaturePredicateType });
  assert.equal((await failure(verifyImage(image, { key: ec.publicKey, registry }))).code, "NOT_SIGNED");
});

test("a bundle about another image, by another key, or without what is asked for does not count", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest } = rig;
  const said = { predicateType: signaturePredicateType, predicate: "{}" };
  const verified = () => failure(verifyImage(image, { key: ec.publicKey, registry }));
  await rig.putBundle(encodeBundle(encodeStatement(image, digestOf("x"), said), ec.privateKey));
  const subject = `Cannot verify ${image.domain}/app:latest@${digest}:`;
  assert.equal((await verified()).message, `${subject} its signature is for another image`);
  await rig.putBundle(encodeBundle(encodeStatement(image, digest, said), other.privateKey));
  await rig.putBundle(encodeBundle(encodeStatement({ ...image, path: "evil" }, digest, said), ec.privateKey));
  assert.equal(
    (await verified()).message,
    `${subject} none of its 3 signatures is good: one is for another image; one is not by this key; one is for another name, "${image.domain}/evil"`,
  );
  await rig.putBundle(encodeBundle(encodeStatement(image, digest, said), ec.privateKey));
  await verifyImage(image, { key: ec.publicKey, registry });
});

test("a bundle that names no repository, as cosign's, counts unless a name is asked for", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest } = rig;
  const hex = digest.slice("sha256:".length);
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: hex } }],
    predicateType: signaturePredicateType,
    predicate: {},
  };
  await rig.putBundle(encodeBundle(Buffer.from(JSON.stringify(statement)), ec.privateKey));
  const { claims } = await verifyImage(image, { key: ec.publicKey, registry });
  assert.equal(claims[0].critical.identity["docker-reference"], `${image.domain}/app`);
  const refused = await failure(verifyImage(image, { key: ec.publicKey, registry, identity: image }));
  assert.match(refused.message, /its signature claims no name$/);
});

test("what else is among the referrers does not spoil a good bundle", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest, fake } = rig;
  const said = { predicateType: signaturePredicateType, predicate: "{}" };
  const good = encodeBundle(encodeStatement(image, digest, said), ec.privateKey);
  await rig.putBundle(Buffer.from("noise"));
  await rig.putBundle(Buffer.alloc(maxSignatureBundleBytes + 1, " "));
  const lost = await rig.putBundle(Buffer.from("lost"));
  fake.blobs.delete(lost.digest);
  const swapped = await rig.putBundle(Buffer.from("swapped"));
  fake.blobs.set(swapped.digest, Buffer.from("SWAPPED"));
  await rig.putBundle(good, { layerType: "text/plain" });
  const verified = () => verifyImage(image, { key: ec.publicKey, registry });
  assert.equal(
    (await failure(verified())).message,
    `Cannot verify ${image.domain}/app:latest@${digest}: none of its 4 signatures is good: one is no sigstore bundle; one is too large; one cannot be fetched unharmed`,
  );
  // Lists that say nothing of the type, or that of the empty config.
  await rig.putBundle(good, { artifactType: mediaTypes.ociEmpty });
  assert.equal((await verified()).claims.length, 1);
});

test("a registry whose list of referrers cannot be read is no obstacle to a signature in the older form", async () => {
  await using rig = await rigWithImage();
  const { registry, image, fake } = rig;
  fake.fail("GET", /referrers/, { kind: "answer", status: 403 }, 100);
  const verified = () => verifyImage(image, { key: ec.publicKey, registry });
  assert.equal((await failure(verified())).code, "DENIED");
  await signImage(image, { key: ec.privateKey, registry, form: "tag" });
  assert.equal((await verified()).claims.length, 1);
});

test("a registry that does not take such artifacts is told of, with what it takes", async () => {
  await using rig = await rigWithImage();
  const { registry, image, fake } = rig;
  fake.fail("PUT", /manifests/, {
    kind: "answer",
    status: 400,
    body: '{"errors":[{"code":"MANIFEST_INVALID"}]}',
  });
  assert.deepEqual(await failure(signImage(image, { key: ec.privateKey, registry })), {
    code: "BAD_RESPONSE",
    message: `Cannot push ${image.domain}/app: ${image.domain} answered 400 (MANIFEST_INVALID)`,
    hint: "an old registry may not take artifacts that have a subject; it takes --new-bundle-format=false",
  });
});

async function rigWithImage(options: FakeRegistryOptions = { referrersPerPage: 100 }) {
  const rig = await startPullRig(options);
  const { registry: fake, client: registry } = rig;
  const image = rig.reference("app");
  const { manifest: subject } = fake.addImage("app", "latest", { layers: [Buffer.from("layer")] });
  let count = 0;
  /** @returns the descriptor of the layer */
  const putBundle = async (
    bytes: Buffer,
    {
      told,
      layerType = bundleType,
      artifactType = bundleType,
    }: { readonly told?: string; readonly layerType?: string; readonly artifactType?: string } = {},
  ): Promise<Descriptor> => {
    const layer = { mediaType: layerType, digest: digestOf(bytes), size: bytes.length };
    const annotations = {
      count: String(count++),
      ...(told !== undefined && { "dev.sigstore.bundle.predicateType": told }),
    };
    const artifact = toArtifact({ artifactType, blobs: [blobOf(bytes, layer)], subject, annotations });
    await registry.push([{ domain: image.domain, path: image.path }], artifact);
    return layer;
  };
  return {
    registry,
    image,
    digest: subject.digest,
    fake,
    putBundle,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
