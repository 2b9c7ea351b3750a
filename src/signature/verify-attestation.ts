import type { KeyObject } from "node:crypto";
import { type Descriptor, type Digest, formatReference, type ImageReference } from "../oci/index.ts";
import { type RegistryClient, RegistryError } from "../registry/index.ts";
import { maxEnvelopeBytes } from "./attest-image.ts";
import { envelopeType, isEnvelopeSignedBy, parseEnvelope, statementType } from "./dsse.ts";
import { SignatureError } from "./signature-error.ts";
import { attestationsOf, fetchPayload, readSignatures } from "./signature-manifest.ts";
import { parseStatement } from "./statement.ts";
import { spoiled, summary } from "./verify-image.ts";

export interface VerifyAttestationOptions {
  readonly key: KeyObject;
  readonly registry: RegistryClient;
  /** Only statements of this type count; a URI. */
  readonly predicateType: string;
}

export interface VerifiedAttestations {
  /** What the reference points to now: what should be run. */
  readonly digest: Digest;
  /** Every statement that is good, JSON; at least one. */
  readonly statements: readonly [string, ...string[]];
}

/** Finds the statements about what a reference points to that this key signed. Others do no harm.
 * @throws {SignatureError} `NOT_SIGNED` when none is good, `SIGNATURES_INVALID` | {RegistryError} */
export async function verifyAttestation(
  reference: ImageReference,
  options: VerifyAttestationOptions,
): Promise<VerifiedAttestations> {
  const { registry } = options;
  const { digest } = (await registry.resolveManifest(reference)).descriptor;
  const place = attestationsOf(reference, digest);
  const layers = (await readSignatures(place, registry))?.layers ?? [];
  const name = formatReference({ ...reference, digest });
  if (layers.length === 0) {
    throw new SignatureError("NOT_SIGNED", `Cannot verify ${name}: it has no signed attestation`, {
      hint: `attestations are looked for as ${place.tag}`,
    });
  }
  const good: string[] = [];
  const reasons: string[] = [];
  for (const layer of onlyOnce(layers)) {
    const finding = await judge(place, layer, { ...options, digest });
    if ("statement" in finding) good.push(finding.statement);
    else reasons.push(finding.reason);
  }
  const [first, ...others] = good;
  if (first !== undefined) return { digest, statements: [first, ...others] };
  throw new SignatureError("NOT_SIGNED", `Cannot verify ${name}: ${summary(reasons, "attestation")}`);
}

/** The same envelope says the same, however often it is listed. */
function onlyOnce(layers: readonly Descriptor[]): Iterable<Descriptor> {
  const keyOf = ({ mediaType, digest, size, annotations }: Descriptor) =>
    JSON.stringify([mediaType, digest, size, annotations?.["predicateType"]]);
  return new Map(layers.map((layer) => [keyOf(layer), layer])).values();
}

type Finding = { readonly statement: string } | { readonly reason: string };

/** The signature is checked first; nothing is read of a payload that this key did not sign. */
async function judge(
  place: ImageReference,
  layer: Descriptor,
  { key, registry, predicateType, digest }: VerifyAttestationOptions & { readonly digest: Digest },
): Promise<Finding> {
  if (layer.mediaType !== envelopeType) return { reason: `has type ${JSON.stringify(layer.mediaType)}` };
  const told = layer.annotations?.["predicateType"] ?? predicateType;
  if (told !== predicateType) return { reason: `says something else, ${JSON.stringify(told)}` };
  const bytes = await fetchOrReason(place, layer, registry);
  if (typeof bytes === "string") return { reason: bytes };
  const envelope = parseEnvelope(bytes);
  if (!envelope) return { reason: "is no envelope" };
  if (!isEnvelopeSignedBy(envelope, key)) return { reason: "is not by this key" };
  const statement = envelope.payloadType === statementType ? parseStatement(envelope.payload) : undefined;
  if (!statement) return { reason: "is no statement" };
  if (!statement.subjects.includes(digest)) return { reason: "is about another image" };
  if (statement.predicateType !== predicateType)
    return { reason: `says something else, ${JSON.stringify(statement.predicateType)}` };
  return { statement: envelope.payload.toString() };
}

async function fetchOrReason(
  place: ImageReference,
  layer: Descriptor,
  registry: RegistryClient,
): Promise<Buffer | string> {
  try {
    return await fetchPayload(place, layer, registry, maxEnvelopeBytes);
  } catch (error) {
    if (error instanceof SignatureError) return "is too large";
    if (error instanceof RegistryError && spoiled.has(error.code)) return "cannot be fetched unharmed";
    throw error;
  }
}
