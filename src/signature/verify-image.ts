import type { KeyObject } from "node:crypto";
import { type Descriptor, type Digest, formatReference, type ImageReference } from "../oci/index.ts";
import { type RegistryClient, RegistryError, type RegistryErrorCode } from "../registry/index.ts";
import { type ExpectedClaims, type ImageClaims, mismatchOf, parseClaims } from "./claims.ts";
import { isSignedBy } from "./signature.ts";
import { SignatureError } from "./signature-error.ts";
import {
  fetchPayload,
  payloadType,
  readSignatures,
  signatureAnnotation,
  signaturesOf,
} from "./signature-manifest.ts";

export interface VerifyOptions {
  readonly key: KeyObject;
  readonly registry: RegistryClient;
  /** Claims that a signature must have. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The name that must be claimed; default: the image's own. An image that was copied is still claimed to be the original. */
  readonly identity?: ImageReference | undefined;
}

export interface VerifiedImage {
  /** What the reference points to now: what should be run. */
  readonly digest: Digest;
  /** Of every signature that is good; at least one. */
  readonly claims: readonly [ImageClaims, ...ImageClaims[]];
}

/** Finds the signatures of what a reference points to that this key made and that claim this image. Others do no harm.
 * @throws {SignatureError} `NOT_SIGNED` when none is good, `SIGNATURES_INVALID` | {RegistryError} */
export async function verifyImage(reference: ImageReference, options: VerifyOptions): Promise<VerifiedImage> {
  const { registry, annotations, identity = reference } = options;
  const { digest } = (await registry.resolveManifest(reference)).descriptor;
  const place = signaturesOf(reference, digest);
  const signatures = await readSignatures(place, registry);
  const name = formatReference({ ...reference, digest });
  if (!signatures || signatures.layers.length === 0) {
    throw new SignatureError("NOT_SIGNED", `Cannot verify ${name}: it has no signature`, {
      hint: `signatures are looked for as ${place.tag}`,
    });
  }
  const findings: Finding[] = [];
  const payloads = new Map<string, Buffer | string>();
  for (const layer of signatures.layers) {
    let payload = payloads.get(keyOf(layer));
    if (payload === undefined) {
      payload = await payloadOf(place, layer, registry);
      payloads.set(keyOf(layer), payload);
    }
    findings.push(judge(payload, layer, options.key, { identity, digest, annotations }));
  }
  const [first, ...others] = findings.filter((finding) => typeof finding !== "string");
  if (first) return { digest, claims: [first, ...others] };
  throw new SignatureError("NOT_SIGNED", `Cannot verify ${name}: ${summary(findings as string[])}`);
}

/** A payload is fetched once, however many signatures of it there are. */
function keyOf({ mediaType, digest, size }: Descriptor): string {
  return `${digest} ${size} ${mediaType}`;
}

/** Good claims, or why a signature does not count. */
type Finding = ImageClaims | string;

/** What only spoils the signature in question. */
export const spoiled: ReadonlySet<RegistryErrorCode> = new Set([
  "NOT_FOUND",
  "DIGEST_MISMATCH",
  "SIZE_EXCEEDED",
  "BAD_RESPONSE",
]);

/** What is not of the type is not fetched. */
async function payloadOf(
  place: ImageReference,
  layer: Descriptor,
  registry: RegistryClient,
): Promise<Buffer | string> {
  if (layer.mediaType !== payloadType) return `has type ${JSON.stringify(layer.mediaType)}`;
  try {
    return await fetchPayload(place, layer, registry);
  } catch (error) {
    if (error instanceof SignatureError) return "is too large";
    if (error instanceof RegistryError && spoiled.has(error.code)) return "cannot be fetched unharmed";
    throw error;
  }
}

/** The signature is checked first; nothing is read of a payload that this key did not sign. */
function judge(
  payload: Buffer | string,
  layer: Descriptor,
  key: KeyObject,
  expected: ExpectedClaims,
): Finding {
  if (typeof payload === "string") return payload;
  const signature = layer.annotations?.[signatureAnnotation] ?? "";
  if (!isSignedBy(payload, signature, key)) return "is not by this key";
  const claims = parseClaims(payload);
  if (!claims) return "claims nothing about an image";
  return mismatchOf(claims, expected) ?? claims;
}

/** `its signature is not by this key`, `none of its 3 signatures is good: one is not by this key, …`. */
export function summary(reasons: readonly string[], what = "signature"): string {
  if (reasons.length === 1) return `its ${what} ${reasons[0]}`;
  const distinct = [...new Set(reasons)].slice(0, 3).map((reason) => `one ${reason}`);
  return `none of its ${reasons.length} ${what}s is good: ${distinct.join("; ")}`;
}
