import { createPublicKey, type KeyObject } from "node:crypto";
import { type Descriptor, type Digest, digestOf, type ImageReference } from "../oci/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import { addBundle } from "./add-bundle.ts";
import { encodeClaims } from "./claims.ts";
import { isSignedBy, signBytes } from "./signature.ts";
import {
  assertOnlySignatures,
  payloadType,
  readSignatures,
  signatureAnnotation,
  signaturesOf,
} from "./signature-manifest.ts";
import { encodeStatement } from "./statement.ts";
import { withLayer } from "./with-layer.ts";

/** Where a signature goes and what it is: a sigstore bundle among the image's referrers, which cosign 3 writes; or what cosign 1 and 2
 * write, a layer behind a tag that is made of the image's digest. */
export type SignatureForm = "bundle" | "tag";

export interface SignOptions {
  readonly key: KeyObject;
  /** Must ask the registry itself: a mirror may not know the newest signatures. */
  readonly registry: RegistryClient;
  /** Default `bundle`. */
  readonly form?: SignatureForm;
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

/** cosign's type for a statement that says no more than that its subject is signed. */
export const signaturePredicateType = "https://sigstore.dev/cosign/sign/v1";
/** Of a signature: what a log and a timestamp service add is a few KB. */
export const maxSignatureBundleBytes = 256 * 1024;

/** Signs what a reference points to and adds the signature to those that the registry has of it, as cosign does.
 * @throws {SignatureError} `SIGNATURES_INVALID` | {RegistryError} */
export async function signImage(reference: ImageReference, options: SignOptions): Promise<SignedImage> {
  const { descriptor } = await options.registry.resolveManifest(reference);
  const sign = options.form === "tag" ? signByTag : signByBundle;
  return { digest: descriptor.digest, wasSigned: !(await sign(reference, descriptor, options)) };
}

/** @returns false when it was signed before */
async function signByBundle(
  reference: ImageReference,
  subject: Descriptor,
  { key, registry, annotations, identity = reference }: SignOptions,
): Promise<boolean> {
  const predicateType = signaturePredicateType;
  const said = { predicateType, predicate: "{}", version: "v1", annotations } as const;
  const statement = encodeStatement(identity, subject.digest, said);
  const limitBytes = maxSignatureBundleBytes;
  return await addBundle(reference, subject, { key, registry, statement, predicateType, limitBytes });
}

async function signByTag(
  reference: ImageReference,
  { digest }: Descriptor,
  { key, registry, annotations, identity = reference }: SignOptions,
): Promise<boolean> {
  const payload = encodeClaims(identity, digest, annotations);
  const place = signaturesOf(reference, digest);
  const present = (await readSignatures(place, registry))?.layers ?? [];
  assertOnlySignatures(place, present);
  if (isAmong(present, payload, createPublicKey(key))) return false;
  const layer: Descriptor = {
    mediaType: payloadType,
    size: payload.length,
    digest: digestOf(payload),
    annotations: { [signatureAnnotation]: signBytes(payload, key) },
  };
  await registry.push([place], withLayer(present, layer, payload));
  return true;
}

function isAmong(layers: readonly Descriptor[], payload: Buffer, key: KeyObject): boolean {
  const digest = digestOf(payload);
  return layers.some((layer) => {
    return (
      layer.digest === digest && isSignedBy(payload, layer.annotations?.[signatureAnnotation] ?? "", key)
    );
  });
}
