import { createPublicKey, type KeyObject } from "node:crypto";
import { type Descriptor, type Digest, digestOf, type ImageReference } from "../oci/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import { encodeClaims } from "./claims.ts";
import { isSignedBy, signBytes } from "./signature.ts";
import {
  assertOnlySignatures,
  payloadType,
  readSignatures,
  signatureAnnotation,
  signaturesOf,
} from "./signature-manifest.ts";
import { withLayer } from "./with-layer.ts";

export interface SignOptions {
  readonly key: KeyObject;
  /** Must ask the registry itself: a mirror may not know the newest signatures. */
  readonly registry: RegistryClient;
  /** Further claims. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The name that is claimed; default: the image's repository. */
  readonly identity?: ImageReference | undefined;
}

export interface SignedImage {
  readonly digest: Digest;
  /** This key had signed the same claims before, and nothing was sent. */
  readonly wasSigned: boolean;
}

/** Signs what a reference points to and adds the signature to those that the registry has of it, as cosign does.
 * @throws {SignatureError} `SIGNATURES_INVALID` | {RegistryError} */
export async function signImage(reference: ImageReference, options: SignOptions): Promise<SignedImage> {
  const { key, registry, annotations, identity = reference } = options;
  const { digest } = (await registry.resolveManifest(reference)).descriptor;
  const payload = encodeClaims(identity, digest, annotations);
  const place = signaturesOf(reference, digest);
  const present = (await readSignatures(place, registry))?.layers ?? [];
  assertOnlySignatures(place, present);
  if (isAmong(present, payload, createPublicKey(key))) return { digest, wasSigned: true };
  const layer: Descriptor = {
    mediaType: payloadType,
    size: payload.length,
    digest: digestOf(payload),
    annotations: { [signatureAnnotation]: signBytes(payload, key) },
  };
  await registry.push([place], withLayer(present, layer, payload));
  return { digest, wasSigned: false };
}

function isAmong(layers: readonly Descriptor[], payload: Buffer, key: KeyObject): boolean {
  const digest = digestOf(payload);
  return layers.some((layer) => {
    return (
      layer.digest === digest && isSignedBy(payload, layer.annotations?.[signatureAnnotation] ?? "", key)
    );
  });
}
