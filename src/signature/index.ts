export { type AttestOptions, attestImage, type AttestedImage, maxPredicateBytes } from "./attest-image.ts";
export { isBundleType, unverifiedStatement } from "./bundle.ts";
export { predicateTypeAnnotation } from "./read-bundles.ts";
export type { ImageClaims } from "./claims.ts";
export { type KeySource, loadPrivateKey, loadPublicKey } from "./keys.ts";
export { SignatureError, type SignatureErrorCode } from "./signature-error.ts";
export { type SignatureForm, type SignedImage, signImage, type SignOptions } from "./sign-image.ts";
export { type VerifiedImage, verifyImage, type VerifyOptions } from "./verify-image.ts";
export {
  verifyAttestation,
  type VerifiedAttestations,
  type VerifyAttestationOptions,
} from "./verify-attestation.ts";
