import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { bundleFromJSON, bundleToJSON, toDSSEBundle } from "@sigstore/bundle";
import { toSignedEntity, VerificationError, Verifier } from "@sigstore/verify";
import { preAuthEncoding, statementType } from "./dsse.ts";
import type { Finding } from "./finding.ts";
import { signBytes } from "./signature.ts";
import { type Json, objectOf, parseJson } from "./untrusted-json.ts";

export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** Is it the media type of a bundle, of whatever version? */
export function isBundleType(mediaType: string): boolean {
  return mediaType.startsWith("application/vnd.dev.sigstore.bundle");
}

/** Signs a statement: a bundle with an envelope and a hint which key it was. There is no certificate, no entry of a log and no timestamp in
 * it.
 * @see https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto */
export function encodeBundle(statement: Buffer, key: KeyObject): Buffer {
  const { verificationMaterial, ...bundle } = toDSSEBundle({
    artifact: statement,
    artifactType: statementType,
    signature: Buffer.from(signBytes(preAuthEncoding(statementType, statement), key), "base64"),
    certificateChain: false,
  });
  // The library would put the hint into the envelope too, where cosign reads another form of key ids and skips what differs.
  const content = { $case: "publicKey", publicKey: { hint: hintOf(key) } } as const;
  const json = bundleToJSON({ ...bundle, verificationMaterial: { ...verificationMaterial, content } });
  return Buffer.from(JSON.stringify(json));
}

/** As cosign has it: the digest of the public key in DER. */
function hintOf(key: KeyObject): string {
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("base64");
}

/** The statement of a bundle that this key signed. Entries of logs and timestamps that a bundle has besides are not looked at: a key needs
 * none. */
export function openBundle(bytes: Uint8Array, key: KeyObject): Finding<Buffer> {
  const bare = bareBundle(bytes);
  if ("reason" in bare) return bare;
  try {
    const bundle = bundleFromJSON(bare.value);
    if (bundle.content.$case !== "dsseEnvelope") return noBundle;
    verifierOf(key).verify(toSignedEntity(bundle));
    const { payloadType, payload } = bundle.content.dsseEnvelope;
    return payloadType === statementType ? { value: payload } : { reason: "is no statement" };
  } catch (error) {
    if (error instanceof VerificationError) return { reason: "is not by this key" };
    if (error instanceof Error) return noBundle;
    throw error;
  }
}

/** The statement of a bundle, whoever signed it and however: anybody may have. Undefined for what is no bundle of one. */
export function unverifiedStatement(bytes: Uint8Array): Buffer | undefined {
  const { payload, payloadType } = objectOf(objectOf(parseJson(bytes))["dsseEnvelope"]);
  if (typeof payload !== "string" || payloadType !== statementType) return undefined;
  return Buffer.from(payload, "base64");
}

const noBundle = { reason: "is no sigstore bundle" };

function verifierOf(key: KeyObject): Verifier {
  const none = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  return new Verifier(
    { ...none, publicKey: () => ({ publicKey: key, validFor: () => true }) },
    { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 },
  );
}

/** The members of a bundle that matter here, which are what they should be: the library takes `{"length": 4e9}` for so many bytes. */
function bareBundle(bytes: Uint8Array): Finding<Json> {
  const { mediaType, verificationMaterial, dsseEnvelope, messageSignature } = objectOf(parseJson(bytes));
  const { publicKey, certificate, x509CertificateChain } = objectOf(verificationMaterial);
  if (certificate !== undefined || x509CertificateChain !== undefined)
    return { reason: "is by a certificate, not by a key" };
  if (messageSignature !== undefined) return { reason: "is of a file, not of a statement" };
  const { hint = "" } = objectOf(publicKey);
  const { payload, payloadType, signatures } = objectOf(dsseEnvelope);
  const { sig } = objectOf(Array.isArray(signatures) && signatures.length === 1 ? signatures[0] : undefined);
  const texts = { mediaType, hint, payload, payloadType, sig };
  if (publicKey === undefined || !Object.values(texts).every((text) => typeof text === "string"))
    return noBundle;
  return {
    value: {
      mediaType,
      verificationMaterial: { publicKey: { hint } },
      dsseEnvelope: { payload, payloadType, signatures: [{ sig }] },
    },
  };
}
