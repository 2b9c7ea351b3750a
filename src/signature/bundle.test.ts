import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { bundleType, encodeBundle, openBundle } from "./bundle.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const statement = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');

/** Made by cosign 3.1.3: sign --key … --use-signing-config=false --tlog-upload=false -a by=ci. */
const ofCosign = {
  publicKey: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXmb5gu9MUDv5bzo4J5NwEebt/hLP
jmqrCUYh2hZA1ozmdqsFL0gWVBOMukZdaFk1tTcBH6RGevXYCpagiIi++A==
-----END PUBLIC KEY-----`,
  bundle: {
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: "70NyD6FcDvJW6frMBDt41JU8ESaAyQabBUFEQ+xYBNk=" } },
    dsseEnvelope: {
      payload:
        "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCAic3ViamVjdCI6W3siZGlnZXN0Ijp7InNoYTI1NiI6ImZlMmUxMTg4MzgxZjNmOTkwZTBiY2QwNWFiZjBjNDI1OTNlYzA0YWJhZDk1NzcwYzc5ZTZiMmY4ZTFlY2IxNjYifSwgImFubm90YXRpb25zIjp7ImJ5IjoiY2kifX1dLCAicHJlZGljYXRlVHlwZSI6Imh0dHBzOi8vc2lnc3RvcmUuZGV2L2Nvc2lnbi9zaWduL3YxIiwgInByZWRpY2F0ZSI6e319",
      payloadType: "application/vnd.in-toto+json",
      signatures: [
        {
          sig: "MEUCIENxEv56y4TCmV/2q27W7GUIpbGSoMV1sdgPf0pRF16nAiEA8V5qHaYsmXfyP5do8R45vS2LgiYmfKHTKRKKHNzpgb0=",
        },
      ],
    },
  },
};

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const open = (value: unknown, key = ec.publicKey) => openBundle(json(value), key);

test("a bundle of cosign's is opened with its key, whatever else it has in it", () => {
  const key = createPublicKey(ofCosign.publicKey);
  const { bundle } = ofCosign;
  const opened = open(bundle, key);
  assert.ok("value" in opened);
  const payload = Buffer.from(bundle.dsseEnvelope.payload, "base64");
  assert.deepEqual(opened.value, payload);
  // Those that it sent to a log and a timestamp service, which a key does not need.
  const tlogEntries = [{ logIndex: "1", integratedTime: "1700000000", canonicalizedBody: "e30=" }];
  const timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp: "AAAA" }] };
  const material = { ...bundle.verificationMaterial, tlogEntries, timestampVerificationData };
  assert.deepEqual(open({ ...bundle, verificationMaterial: material }, key), opened);
  assert.deepEqual(open(bundle), { reason: "is not by this key" });
});

test("a bundle is what cosign writes: one envelope, no key id, a hint", () => {
  const bundle = JSON.parse(encodeBundle(statement, ec.privateKey).toString()) as typeof ofCosign.bundle & {
    verificationMaterial: Record<string, unknown>;
  };
  assert.deepEqual(Object.keys(bundle).sort(), ["dsseEnvelope", "mediaType", "verificationMaterial"]);
  assert.equal(bundle.mediaType, bundleType);
  assert.match(bundle.verificationMaterial.publicKey.hint, /^[\w+/]{43}=$/);
  assert.equal(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString(), statement.toString());
  const [signature, ...others] = bundle.dsseEnvelope.signatures as { sig: string; keyid?: string }[];
  assert.deepEqual([others, signature!.keyid ?? ""], [[], ""]);
});

test("a bundle that was changed, is another's or is none says why it does not count", () => {
  const good = JSON.parse(encodeBundle(statement, ec.privateKey).toString()) as typeof ofCosign.bundle;
  assert.deepEqual(open(good), { value: statement });
  const { dsseEnvelope: envelope, verificationMaterial: material } = good;
  const [signature] = envelope.signatures;
  const withEnvelope = (change: object) => ({ ...good, dsseEnvelope: { ...envelope, ...change } });
  const withMaterial = (change: object) => ({ ...good, verificationMaterial: change });
  const rows: [value: unknown, reason: string][] = [
    [withEnvelope({ payload: Buffer.from("{}").toString("base64") }), "is not by this key"],
    [withEnvelope({ payloadType: "text/plain" }), "is not by this key"],
    [withEnvelope({ signatures: [{ sig: "AAAA" }] }), "is not by this key"],
    [withEnvelope({ signatures: [{ sig: "" }] }), "is no sigstore bundle"],
    [withEnvelope({ signatures: [] }), "is no sigstore bundle"],
    [withEnvelope({ signatures: [signature, signature] }), "is no sigstore bundle"],
    [withEnvelope({ signatures: [null] }), "is no sigstore bundle"],
    // A few bytes that would become so many.
    [withEnvelope({ payload: { length: 4e9 } }), "is no sigstore bundle"],
    [withEnvelope({ signatures: [{ sig: { length: 4e9 } }] }), "is no sigstore bundle"],
    [withMaterial({ certificate: { rawBytes: "AAAA" } }), "is by a certificate, not by a key"],
    [withMaterial({ ...material, x509CertificateChain: {} }), "is by a certificate, not by a key"],
    [withMaterial({}), "is no sigstore bundle"],
    [{ ...good, mediaType: "text/plain" }, "is no sigstore bundle"],
    [{ ...good, dsseEnvelope: undefined, messageSignature: {} }, "is of a file, not of a statement"],
    [null, "is no sigstore bundle"],
    [[good], "is no sigstore bundle"],
    ["{", "is no sigstore bundle"],
  ];
  for (const [value, reason] of rows) assert.deepEqual(open(value), { reason }, JSON.stringify(value));
  assert.deepEqual(openBundle(Buffer.from("{"), ec.publicKey), { reason: "is no sigstore bundle" });
  assert.deepEqual(open(good, rsa.publicKey), { reason: "is not by this key" });
});
