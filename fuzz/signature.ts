import { generateKeyPairSync } from "node:crypto";
import { parseReferrers } from "../src/oci/index.ts";
import { parseChallenges } from "../src/registry/challenge.ts";
import { encodeBundle, openBundle, unverifiedStatement } from "../src/signature/bundle.ts";
import { parseClaims } from "../src/signature/claims.ts";
import { decryptCosignKey } from "../src/signature/cosign-key.ts";
import { isEnvelopeSignedBy, parseEnvelope, signEnvelope, statementType } from "../src/signature/dsse.ts";
import { parseStatement } from "../src/signature/statement.ts";
import { mutateText } from "./mutate.ts";
import { allowRefusal, type FuzzTarget } from "./target.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const digest = `sha256:${"0".repeat(64)}`;
const statement = JSON.stringify({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "registry.example/app", digest: { sha256: "0".repeat(64) }, annotations: { a: "b" } }],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: {},
});
const claims = {
  critical: {
    identity: { "docker-reference": "registry.example/app" },
    image: { "docker-manifest-digest": digest },
    type: "cosign container image signature",
  },
  optional: { a: "b" },
};
const sealed = {
  kdf: { name: "scrypt", params: { N: 2, r: 1, p: 1 }, salt: "AAAA" },
  cipher: { name: "nacl/secretbox", nonce: "A".repeat(32) },
  ciphertext: "A".repeat(64),
};
const descriptor = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest,
  size: 1,
  artifactType: "a/b",
};
const corpus = [
  encodeBundle(Buffer.from(statement), privateKey).toString(),
  signEnvelope(Buffer.from(statement), statementType, privateKey).toString(),
  statement,
  JSON.stringify(claims),
  JSON.stringify(sealed),
  JSON.stringify({ schemaVersion: 2, manifests: [descriptor, descriptor] }),
  'Bearer realm="https://a.example/token",service="a",scope="repository:a:pull,push", Basic realm="\\"x"',
];

/** What is beside an image, and what registries ask for: read or passed over; nothing is good but what was signed. */
export const signatureTarget: FuzzTarget = {
  generate: (random) => mutateText(random, random.pick(corpus), [...corpus, "null", '{"length":4000000000}']),
  attempt: async (input) => {
    const bytes = Buffer.from(input);
    const opened = openBundle(bytes, publicKey);
    if ("value" in opened) assertSigned(opened.value);
    unverifiedStatement(bytes);
    const envelope = parseEnvelope(bytes);
    if (envelope && isEnvelopeSignedBy(envelope, publicKey)) assertSigned(envelope.payload);
    parseStatement(bytes);
    parseClaims(bytes);
    parseChallenges(String(input));
    await allowRefusal(() => parseReferrers(bytes));
    const label = "ENCRYPTED SIGSTORE PRIVATE KEY-----";
    await decryptCosignKey(`-----BEGIN ${label}\n${bytes.toString("base64")}\n-----END ${label}\n`, "x");
  },
};

function assertSigned(payload: Buffer): void {
  if (payload.toString() !== statement) throw new Error("a statement that nobody signed was taken for good");
}
