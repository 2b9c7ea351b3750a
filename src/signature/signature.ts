import { type KeyObject, sign, verify } from "node:crypto";

/** cosign's algorithms: ECDSA in DER and RSA PKCS#1 v1.5, both of SHA-256; Ed25519 of the bytes themselves. */
export function signBytes(bytes: Uint8Array, key: KeyObject): string {
  return sign(hashFor(key), bytes, key).toString("base64");
}

/** Whether `signature` (base64) is that of the bytes by this key; false for anything that is no signature. */
export function isSignedBy(bytes: Uint8Array, signature: string, key: KeyObject): boolean {
  if (signature.length > maxLength || !/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
  return verify(hashFor(key), bytes, key, Buffer.from(signature, "base64"));
}

/** Base64 of a signature by the largest key. */
const maxLength = 4096;

function hashFor(key: KeyObject): "sha256" | undefined {
  return key.asymmetricKeyType === "ed25519" ? undefined : "sha256";
}
