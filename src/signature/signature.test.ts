import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { type Descriptor, digestOf, type ImageReference, mediaTypes } from "../oci/index.ts";
import { failure, type PullRig, startPullRig } from "../registry/testing/pull-rig.ts";
import { encodeClaims } from "./claims.ts";
import { type SignatureForm, signImage, verifyImage } from "./index.ts";
import { signBytes } from "./signature.ts";
import { payloadType, signatureAnnotation, signaturesOf } from "./signature-manifest.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed25519 = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

for (const [kind, { privateKey, publicKey }] of Object.entries({ ec, ed25519, rsa })) {
  test(`an image that is signed with a key of kind ${kind} is verified with its public key, in both forms`, async () => {
    await using rig = await rigWithImage();
    const { registry, image, digest } = rig;
    const types = {
      bundle: "https://sigstore.dev/cosign/sign/v1",
      tag: "cosign container image signature",
    } as const;
    const expected: unknown[] = [];
    for (const [form, type] of Object.entries(types) as [SignatureForm, string][]) {
      const options = { key: privateKey, registry, form };
      assert.deepEqual(await signImage(image, options), { digest, wasSigned: false });
      assert.deepEqual(await signImage(image, options), { digest, wasSigned: true });
      const identity = { "docker-reference": `${image.domain}/app` };
      const critical = { identity, image: { "docker-manifest-digest": digest }, type };
      expected.push({ critical, optional: null });
      assert.deepEqual((await verifyImage(image, { key: publicKey, registry })).claims, expected);
    }
  });
}

test("the claims are the bytes that cosign writes", () => {
  const digest = digestOf("x");
  const hub = { domain: "docker.io", path: "library/app", tag: "latest" };
  const name = `{"critical":{"identity":{"docker-reference":"index.docker.io/library/app"}`;
  const rest = `"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"}`;
  assert.equal(encodeClaims(hub, digest).toString(), `${name},${rest},"optional":null}`);
  const annotations = { b: "2", a: "1" };
  assert.equal(
    encodeClaims(hub, digest, annotations).toString(),
    `${name},${rest},"optional":{"a":"1","b":"2"}}`,
  );
});

for (const form of ["bundle", "tag"] as const)
  test(`the same key signs the same claims once, and another key adds its signature (${form})`, async () => {
    await using rig = await rigWithImage();
    const { registry, image, digest } = rig;
    await signImage(image, { key: ec.privateKey, registry, form });
    assert.equal((await signImage(image, { key: ec.privateKey, registry, form })).wasSigned, true);
    await signImage(image, { key: rsa.privateKey, registry, form });
    const annotations = { stage: "test" };
    await signImage(image, { key: ec.privateKey, registry, annotations, form });
    const of = (key: KeyObject) => verifyImage(image, { key, registry });
    assert.deepEqual(
      [(await of(ec.publicKey)).claims.length, (await of(rsa.publicKey)).claims.length],
      [2, 1],
    );
    const asked = await verifyImage(image, { key: ec.publicKey, registry, annotations });
    assert.deepEqual(
      asked.claims.map(({ optional }) => optional),
      [annotations],
    );
    const other = await failure(verifyImage(image, { key: ed25519.publicKey, registry }));
    assert.equal(other.code, "NOT_SIGNED");
    assert.equal(
      other.message,
      `Cannot verify ${image.domain}/app:latest@${digest}: none of its 3 signatures is good: one is not by this key`,
    );
  });

test("an image without signatures is not verified", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest } = rig;
  assert.deepEqual(await failure(verifyImage(image, { key: ec.publicKey, registry })), {
    code: "NOT_SIGNED",
    message: `Cannot verify ${image.domain}/app:latest@${digest}: it has no signature`,
    hint: `signatures are looked for among its referrers and as sha256-${digest.slice(7)}.sig`,
  });
});

test("a signature of another image, of another name or without the claim that is asked for does not count", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest } = rig;
  const wrong = async (payload: Buffer, options: { annotations?: Record<string, string> } = {}) => {
    rig.putSignatures([signed(payload)]);
    return (await failure(verifyImage(image, { key: ec.publicKey, registry, ...options }))).message;
  };
  const subject = `Cannot verify ${image.domain}/app:latest@${digest}: its signature`;
  const other = digestOf("other");
  assert.equal(await wrong(encodeClaims(image, other)), `${subject} is for another image, ${other}`);
  const renamed = { ...image, path: "evil" };
  assert.equal(
    await wrong(encodeClaims(renamed, digest)),
    `${subject} is for another name, "${image.domain}/evil"`,
  );
  const annotations = { a: "1" };
  assert.equal(
    await wrong(encodeClaims(image, digest, { a: "2" }), { annotations }),
    `${subject} does not say a=1`,
  );
  const named = JSON.stringify(JSON.parse(encodeClaims(image, digest).toString())).replace("/app", "/app:v9");
  assert.equal(await wrong(Buffer.from(named)), `${subject} is for another name, "${image.domain}/app:v9"`);
  for (const text of ["null", "[]", "{", '{"critical":{}}', '{"critical":null}'])
    assert.equal(await wrong(Buffer.from(text)), `${subject} claims nothing about an image`);
});

for (const form of ["bundle", "tag"] as const)
  test(`an image that was copied is verified by the name that it was signed for (${form})`, async () => {
    await using rig = await rigWithImage();
    const { registry, image } = rig;
    const identity: ImageReference = { domain: "example.com", path: "original", tag: "latest" };
    await signImage(image, { key: ec.privateKey, registry, identity, form });
    await verifyImage(image, { key: ec.publicKey, registry, identity });
    assert.equal((await failure(verifyImage(image, { key: ec.publicKey, registry }))).code, "NOT_SIGNED");
  });

test("what is no good signature does not spoil a good one beside it", async () => {
  await using rig = await rigWithImage();
  const { registry, image, digest } = rig;
  const payload = encodeClaims(image, digest);
  const good = signed(payload);
  const lying = signed(Buffer.from("swapped"));
  const bad: Signed[] = [
    { ...good, mediaType: mediaTypes.ociLayerGzip },
    { ...signed(Buffer.from("absent")), isAbsent: true },
    { ...lying, bytes: Buffer.from("SWAPPED") },
    { ...signed(Buffer.from("huge")), size: 2 ** 40 },
    ...["", "!", "AAAA", "A".repeat(100_000), good.signature.slice(0, 20)].map((signature) => ({
      ...good,
      signature,
    })),
  ];
  rig.putSignatures([...bad, good]);
  assert.equal((await verifyImage(image, { key: ec.publicKey, registry })).claims.length, 1);
  rig.putSignatures(bad);
  const refused = await failure(verifyImage(image, { key: ec.publicKey, registry }));
  assert.equal(refused.code, "NOT_SIGNED");
});

test("signing does not write over what is not a list of signatures", async () => {
  await using rig = await rigWithImage();
  const { registry, image } = rig;
  rig.putSignatures([{ ...signed(Buffer.from("x")), mediaType: mediaTypes.ociLayerGzip }]);
  const place = signaturesOf(image, rig.digest);
  const refused = await failure(signImage(image, { key: ec.privateKey, registry, form: "tag" }));
  assert.deepEqual(
    [refused.code, refused.message],
    [
      "SIGNATURES_INVALID",
      `Cannot read the signatures ${place.tag}: a layer has type "${mediaTypes.ociLayerGzip}"`,
    ],
  );
});

interface Signed {
  readonly bytes: Buffer;
  readonly signature: string;
  readonly mediaType: string;
  readonly digest: Descriptor["digest"];
  readonly size: number;
  readonly isAbsent?: boolean;
}

function signed(bytes: Buffer): Signed {
  const signature = signBytes(bytes, ec.privateKey);
  return { bytes, signature, mediaType: payloadType, digest: digestOf(bytes), size: bytes.length };
}

async function rigWithImage() {
  const rig: PullRig = await startPullRig();
  const { registry: fake } = rig;
  const image = rig.reference("app");
  const { digest } = fake.addImage("app", "latest", { layers: [Buffer.from("layer")] }).manifest;
  return {
    registry: rig.client,
    image,
    digest,
    putSignatures: (list: readonly Signed[]) => {
      for (const { bytes, digest: key, isAbsent } of list) if (!isAbsent) fake.blobs.set(key, bytes);
      const layers = list.map(({ mediaType, digest: key, size, signature }) => {
        return { mediaType, digest: key, size, annotations: { [signatureAnnotation]: signature } };
      });
      const config = fake.addBlob(Buffer.from("{}"), mediaTypes.ociConfig);
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
      const bytes = Buffer.from(JSON.stringify(manifest));
      fake.manifests.set(`app:${signaturesOf(image, digest).tag}`, {
        mediaType: mediaTypes.ociManifest,
        bytes,
      });
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
