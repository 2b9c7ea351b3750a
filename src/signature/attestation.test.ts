import assert from "node:assert/strict";
import { generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";
import { type Digest, digestOf, type ImageReference, mediaTypes } from "../oci/index.ts";
import { failure, startPullRig } from "../registry/testing/pull-rig.ts";
import { envelopeType, isEnvelopeSignedBy, parseEnvelope, signEnvelope, statementType } from "./dsse.ts";
import { attestImage, verifyAttestation } from "./index.ts";
import { attestationsOf } from "./signature-manifest.ts";
import { encodeStatement } from "./statement.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed25519 = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

const predicateType = "https://spdx.dev/Document";
const predicate = '{"name":"app"}';

test("an envelope's signature is of the type and the payload, with their lengths", () => {
  const payload = Buffer.from("hello world");
  const bytes = signEnvelope(payload, "http://example.com/HelloWorld", ec.privateKey);
  const envelope = JSON.parse(bytes.toString()) as { payload: string; signatures: { sig: string }[] };
  assert.equal(envelope.payload, "aGVsbG8gd29ybGQ=");
  // The example of the specification.
  const signed = Buffer.from("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  assert.ok(verify("sha256", signed, ec.publicKey, Buffer.from(envelope.signatures[0]!.sig, "base64")));
  const parsed = parseEnvelope(bytes)!;
  assert.ok(isEnvelopeSignedBy(parsed, ec.publicKey));
  assert.ok(!isEnvelopeSignedBy(parsed, rsa.publicKey));
  assert.ok(!isEnvelopeSignedBy({ ...parsed, payloadType: "http://example.com/Other" }, ec.publicKey));
  assert.ok(!isEnvelopeSignedBy({ ...parsed, payload: Buffer.from("hello w0rld") }, ec.publicKey));
});

test("what is no envelope is none", () => {
  for (const text of [
    "",
    "null",
    "[]",
    "{",
    '{"payload":1}',
    '{"payloadType":"a","payload":"b","signatures":{}}',
  ])
    assert.equal(parseEnvelope(Buffer.from(text)), undefined, text);
  const odd = '{"payloadType":"a","payload":"b","signatures":[null,1,{"sig":2},{"sig":"!"}]}';
  assert.ok(!isEnvelopeSignedBy(parseEnvelope(Buffer.from(odd))!, ec.publicKey));
});

for (const [kind, { privateKey, publicKey }] of Object.entries({ ec, ed25519, rsa })) {
  test(`a statement that is signed with a key of kind ${kind} is verified with its public key, in both forms`, async () => {
    await using rig = await rigWithImage();
    const { registry, image, digest } = rig;
    for (const form of ["bundle", "tag"] as const) {
      const options = { key: privateKey, registry, predicateType, predicate, form };
      assert.deepEqual(await attestImage(image, options), { digest, wasAttested: false });
      assert.deepEqual(await attestImage(image, options), { digest, wasAttested: true });
    }
    assert.equal(rig.count("PUT", /manifests\/sha256-[0-9a-f]+\.att$/), 1);
    const { statements } = await verifyAttestation(image, { key: publicKey, registry, predicateType });
    assert.deepEqual(
      statements.map((text) => JSON.parse(text) as unknown),
      [
        {
          _type: "https://in-toto.io/Statement/v0.1",
          predicateType,
          subject: [{ name: `${image.domain}/app`, digest: { sha256: digest.slice("sha256:".length) } }],
          predicate: { name: "app" },
        },
      ],
    );
  });
}

test("a statement of another key, of another type, or about another image does not count", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest } = rig;
  const verified = async (key = ec.publicKey, type = predicateType) =>
    await failure(verifyAttestation(image, { key, registry, predicateType: type }));
  assert.deepEqual(await verified(), {
    code: "NOT_SIGNED",
    message: `Cannot verify ${image.domain}/app:latest@${digest}: it has no signed attestation`,
    hint: `attestations are looked for among its referrers and as sha256-${digest.slice(7)}.att`,
  });
  await attestImage(image, { key: ec.privateKey, registry, predicateType, predicate, form: "tag" });
  const subject = `Cannot verify ${image.domain}/app:latest@${digest}: its attestation`;
  assert.equal((await verified(rsa.publicKey)).message, `${subject} is not by this key`);
  assert.equal(
    (await verified(ec.publicKey, "https://example.com/other")).message,
    `${subject} says something else, "${predicateType}"`,
  );
  const about = (other: string) => encodeStatement(image, digestOf(other), { predicateType, predicate });
  rig.putEnvelopes([signEnvelope(about("other"), statementType, ec.privateKey)]);
  assert.equal((await verified()).message, `${subject} is about another image`);
  rig.putEnvelopes([signEnvelope(Buffer.from("{}"), statementType, ec.privateKey)]);
  assert.equal((await verified()).message, `${subject} is no statement`);
  const good = encodeStatement(image, digest, { predicateType, predicate });
  rig.putEnvelopes([signEnvelope(good, "text/plain", ec.privateKey)]);
  assert.equal((await verified()).message, `${subject} is no statement`);
  const changed = JSON.parse(signEnvelope(good, statementType, ec.privateKey).toString()) as {
    payload: string;
  };
  changed.payload = Buffer.from(good.toString().replace('"app"}}', '"evil"}}')).toString("base64");
  rig.putEnvelopes([Buffer.from(JSON.stringify(changed)), Buffer.from("noise")]);
  assert.match(
    (await verified()).message,
    /none of its 2 attestations is good: one is not by this key; one is no envelope$/,
  );
  // What is bad does not spoil what is good.
  rig.putEnvelopes([Buffer.from("noise"), signEnvelope(good, statementType, ec.privateKey)]);
  await verifyAttestation(image, { key: ec.publicKey, registry, predicateType });
});

test("an attestation that is listed again and again is fetched once", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest } = rig;
  const good = encodeStatement(image, digest, { predicateType, predicate });
  rig.putEnvelopes(Array<Buffer>(300).fill(signEnvelope(good, statementType, ec.privateKey)));
  const verified = await verifyAttestation(image, { key: ec.publicKey, registry, predicateType });
  assert.deepEqual(verified.statements, [good.toString()]);
  assert.equal(rig.fetches(), 1);
});

test("attestations of others stay, and what is no list of them is not written over", async () => {
  await using rig = await rigWithImage();
  const { registry, image } = rig;
  const attest = (key = ec.privateKey) =>
    attestImage(image, { key, registry, predicateType, predicate, form: "tag" });
  await attest();
  await attest(rsa.privateKey);
  for (const key of [ec.publicKey, rsa.publicKey])
    await verifyAttestation(image, { key, registry, predicateType });
  rig.putEnvelopes([Buffer.from("layer")], mediaTypes.ociLayerGzip);
  assert.equal((await failure(attest())).code, "SIGNATURES_INVALID");
});

test("an attestation that is damaged is no obstacle to another, and can be taken away", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest, fake } = rig;
  const attest = (options: { readonly type?: string; readonly isReplacing?: boolean } = {}) =>
    attestImage(image, {
      key: ec.privateKey,
      registry,
      predicateType: options.type ?? predicateType,
      predicate,
      form: "tag",
      isReplacing: options.isReplacing ?? false,
    });
  const layers = () => {
    const { tag } = attestationsOf(image, digest);
    const { bytes } = fake.manifests.get(`app:${tag}`)!;
    return (JSON.parse(Buffer.from(bytes).toString()) as { layers: readonly { digest: Digest }[] }).layers;
  };
  await attest({ type: "https://example.com/other" });
  await attest();
  const [kept, damaged] = layers();
  fake.blobs.set(damaged!.digest, Buffer.from("damaged"));
  assert.equal((await attest()).wasAttested, false);
  assert.equal(layers().length, 3);
  // A registry may refuse what names a blob that it lost.
  fake.blobs.delete(damaged!.digest);
  const refusal = {
    kind: "answer",
    status: 400,
    body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}',
  } as const;
  fake.fail("PUT", /manifests\/sha256:/, refusal);
  const refused = await failure(
    attestImage(image, { key: rsa.privateKey, registry, predicateType, predicate, form: "tag" }),
  );
  assert.deepEqual(refused, {
    code: "SIGNATURES_INVALID",
    message: `Cannot add to the attestations ${attestationsOf(image, digest).tag}: the registry refuses them; it may have lost one of those that are there`,
    hint: "leave out those of this type: --replace",
  });
  await attest({ isReplacing: true });
  const [first, ...others] = layers();
  assert.deepEqual([first!.digest, others.length], [kept!.digest, 1]);
  await verifyAttestation(image, { key: ec.publicKey, registry, predicateType });
});

async function rigWithImage() {
  const rig = await startPullRig();
  const { registry: fake } = rig;
  const image: ImageReference = rig.reference("app");
  const { digest } = fake.addImage("app", "latest", { layers: [Buffer.from("layer")] }).manifest;
  return {
    registry: rig.client,
    image,
    digest,
    fake,
    fetches: () => fake.count("GET", /blobs/),
    count: (method: string, path: RegExp) => fake.count(method, path),
    putEnvelopes: (envelopes: readonly Buffer[], mediaType = envelopeType) => {
      const layers = envelopes.map((bytes) => fake.addBlob(bytes, mediaType));
      const config = fake.addBlob(Buffer.from("{}"), mediaTypes.ociConfig);
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
      const bytes = Buffer.from(JSON.stringify(manifest));
      fake.addManifest("app", attestationsOf(image, digest).tag, bytes, mediaTypes.ociManifest);
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
