import type { KeyObject } from "node:crypto";
import { type Descriptor, type Digest, formatReference, type ImageReference } from "../oci/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import { BlobReader } from "./blob-reader.ts";
import { type ExpectedClaims, type ImageClaims, mismatchOf, parseClaims } from "./claims.ts";
import { type Finding, findInEach, reasonsOf, summary, valuesOf } from "./finding.ts";
import { readBundles } from "./read-bundles.ts";
import { maxSignatureBundleBytes, signaturePredicateType } from "./sign-image.ts";
import { isSignedBy } from "./signature.ts";
import { SignatureError } from "./signature-error.ts";
import {
  maxPayloadBytes,
  payloadType,
  readSignatures,
  signatureAnnotation,
  signaturesOf,
} from "./signature-manifest.ts";
import { repositoryName, type Statement, type StatementSubject } from "./statement.ts";

export interface VerifyOptions {
  readonly key: KeyObject;
  readonly registry: RegistryClient;
  /** Claims that a signature must have. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The name that must be claimed. An image that was copied is still claimed to be the original. Default: the image's own, or none, for
   * cosign's bundles claim no name. */
  readonly identity?: ImageReference | undefined;
}

export interface VerifiedImage {
  /** What the reference points to now: what should be run. */
  readonly digest: Digest;
  /** Of every signature that is good; at least one. Where one claims no name it is the image's own. */
  readonly claims: readonly [ImageClaims, ...ImageClaims[]];
}

/** Finds the signatures of what a reference points to that this key made and that claim this image, in both forms. Others do no harm.
 * @throws {SignatureError} `NOT_SIGNED` when none is good, `SIGNATURES_INVALID` | {RegistryError} */
export async function verifyImage(reference: ImageReference, options: VerifyOptions): Promise<VerifiedImage> {
  const { digest } = (await options.registry.resolveManifest(reference)).descriptor;
  const search = {
    ...options,
    reference: { ...reference, digest },
    reader: new BlobReader(options.registry),
  };
  const findings = await findInEach(
    () => findInBundles(search),
    () => findByTag(search),
  );
  const [first, ...others] = valuesOf(findings);
  if (first) return { digest, claims: [first, ...others] };
  const name = formatReference({ ...reference, digest });
  if (findings.length > 0)
    throw new SignatureError(
      "NOT_SIGNED",
      `Cannot verify ${name}: ${summary(reasonsOf(findings), "signature")}`,
    );
  throw new SignatureError("NOT_SIGNED", `Cannot verify ${name}: it has no signature`, {
    hint: `signatures are looked for among its referrers and as ${signaturesOf(reference, digest).tag}`,
  });
}

interface Search extends VerifyOptions {
  readonly reference: ImageReference & { readonly digest: Digest };
  readonly reader: BlobReader;
}

async function findInBundles(search: Search): Promise<readonly Finding<ImageClaims>[]> {
  const { reference, ...options } = search;
  const asked = {
    ...options,
    predicateType: signaturePredicateType,
    limitBytes: maxSignatureBundleBytes,
  };
  const findings = await readBundles(reference, asked);
  // What is attested beside an image is no signature that is not good.
  return findings
    .filter((finding) => "value" in finding || !finding.isOfOtherType)
    .map((finding) => ("value" in finding ? claimsOf(finding.value, search) : finding));
}

/** What a statement that this key signed claims of the image. */
function claimsOf({ subjects, predicateType }: Statement, search: Search): Finding<ImageClaims> {
  const { reference, identity, annotations } = search;
  const about = subjects.filter(({ digest }) => digest === reference.digest);
  if (about.length === 0) return { reason: "is for another image" };
  const findings = about.map((subject): Finding<ImageClaims> => {
    if (subject.name === undefined && identity) return { reason: "claims no name" };
    const claims = toClaims(subject, predicateType, reference);
    const expected = { identity: identity ?? reference, digest: reference.digest, annotations };
    const reason = mismatchOf(claims, expected);
    return reason === undefined ? { value: claims } : { reason };
  });
  return findings.find((finding) => "value" in finding) ?? findings[0]!;
}

function toClaims(
  { name, annotations }: StatementSubject,
  type: string,
  reference: Search["reference"],
): ImageClaims {
  return {
    critical: {
      identity: { "docker-reference": name ?? repositoryName(reference) },
      image: { "docker-manifest-digest": reference.digest },
      type,
    },
    optional: annotations ?? null,
  };
}

async function findByTag(search: Search): Promise<readonly Finding<ImageClaims>[]> {
  const { reference, registry, key, identity = reference, annotations, reader } = search;
  const place = signaturesOf(reference, reference.digest);
  const { layers } = (await readSignatures(place, registry)) ?? { layers: [] };
  const findings: Finding<ImageClaims>[] = [];
  const payloads = new Map<string, Finding<Buffer>>();
  for (const layer of layers) {
    let payload = payloads.get(keyOf(layer));
    if (payload === undefined) {
      payload = await payloadOf(place, layer, reader);
      payloads.set(keyOf(layer), payload);
    }
    findings.push(judge(payload, layer, key, { identity, digest: reference.digest, annotations }));
  }
  return findings;
}

/** A payload is fetched once, however many signatures of it there are. */
function keyOf({ mediaType, digest, size }: Descriptor): string {
  return `${digest} ${size} ${mediaType}`;
}

/** What is not of the type is not fetched. */
async function payloadOf(
  place: ImageReference,
  layer: Descriptor,
  reader: BlobReader,
): Promise<Finding<Buffer>> {
  if (layer.mediaType !== payloadType) return { reason: `has type ${JSON.stringify(layer.mediaType)}` };
  return await reader.read(place, layer, maxPayloadBytes);
}

/** The signature is checked first; nothing is read of a payload that this key did not sign. */
function judge(
  payload: Finding<Buffer>,
  layer: Descriptor,
  key: KeyObject,
  expected: ExpectedClaims,
): Finding<ImageClaims> {
  if ("reason" in payload) return payload;
  const signature = layer.annotations?.[signatureAnnotation] ?? "";
  if (!isSignedBy(payload.value, signature, key)) return { reason: "is not by this key" };
  const claims = parseClaims(payload.value);
  if (!claims) return { reason: "claims nothing about an image" };
  const reason = mismatchOf(claims, expected);
  return reason === undefined ? { value: claims } : { reason };
}
