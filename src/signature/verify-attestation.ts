import type { KeyObject } from "node:crypto";
import { type Descriptor, type Digest, formatReference, type ImageReference } from "../oci/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import { maxEnvelopeBytes } from "./attest-image.ts";
import { BlobReader } from "./blob-reader.ts";
import { envelopeType, isEnvelopeSignedBy, parseEnvelope, statementType } from "./dsse.ts";
import { type Finding, findInEach, reasonsOf, summary, valuesOf } from "./finding.ts";
import { ofOtherType, readBundles, type SignedStatement } from "./read-bundles.ts";
import { SignatureError } from "./signature-error.ts";
import { attestationsOf, readSignatures } from "./signature-manifest.ts";
import { parseStatement } from "./statement.ts";

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

/** Finds the statements about what a reference points to that this key signed, in both forms. Others do no harm.
 * @throws {SignatureError} `NOT_SIGNED` when none is good, `SIGNATURES_INVALID` | {RegistryError} */
export async function verifyAttestation(
  reference: ImageReference,
  options: VerifyAttestationOptions,
): Promise<VerifiedAttestations> {
  const { digest } = (await options.registry.resolveManifest(reference)).descriptor;
  const image = { ...reference, digest };
  const search = { ...options, reader: new BlobReader(options.registry), limitBytes: maxEnvelopeBytes };
  const findings = await findInEach(
    () => readBundles(image, search),
    () => findByTag(image, search),
  );
  const about = findings.map((finding) => onlyAbout(digest, finding));
  const [first, ...others] = new Set(valuesOf(about).map(({ bytes }) => bytes.toString()));
  if (first !== undefined) return { digest, statements: [first, ...others] };
  const name = formatReference(image);
  if (findings.length > 0)
    throw new SignatureError(
      "NOT_SIGNED",
      `Cannot verify ${name}: ${summary(reasonsOf(about), "attestation")}`,
    );
  throw new SignatureError("NOT_SIGNED", `Cannot verify ${name}: it has no signed attestation`, {
    hint: `attestations are looked for among its referrers and as ${attestationsOf(reference, digest).tag}`,
  });
}

function onlyAbout(digest: Digest, finding: Finding<SignedStatement>): Finding<SignedStatement> {
  if ("reason" in finding || finding.value.subjects.some((subject) => subject.digest === digest))
    return finding;
  return { reason: "is about another image" };
}

interface Search extends VerifyAttestationOptions {
  readonly reader: BlobReader;
}

async function findByTag(
  reference: ImageReference & { readonly digest: Digest },
  search: Search,
): Promise<readonly Finding<SignedStatement>[]> {
  const place = attestationsOf(reference, reference.digest);
  const { layers } = (await readSignatures(place, search.registry)) ?? { layers: [] };
  const findings: Finding<SignedStatement>[] = [];
  for (const layer of onlyOnce(layers)) findings.push(await judge(place, layer, search));
  return findings;
}

/** The same envelope says the same, however often it is listed. */
function onlyOnce(layers: readonly Descriptor[]): Iterable<Descriptor> {
  const keyOf = ({ mediaType, digest, size, annotations }: Descriptor) =>
    JSON.stringify([mediaType, digest, size, annotations?.["predicateType"]]);
  return new Map(layers.map((layer) => [keyOf(layer), layer])).values();
}

/** The signature is checked first; nothing is read of a payload that this key did not sign. */
async function judge(
  place: ImageReference,
  layer: Descriptor,
  { key, reader, predicateType }: Search,
): Promise<Finding<SignedStatement>> {
  if (layer.mediaType !== envelopeType) return { reason: `has type ${JSON.stringify(layer.mediaType)}` };
  const told = layer.annotations?.["predicateType"] ?? predicateType;
  if (told !== predicateType) return ofOtherType(told);
  const bytes = await reader.read(place, layer, maxEnvelopeBytes);
  if ("reason" in bytes) return bytes;
  const envelope = parseEnvelope(bytes.value);
  if (!envelope) return { reason: "is no envelope" };
  if (!isEnvelopeSignedBy(envelope, key)) return { reason: "is not by this key" };
  const statement = envelope.payloadType === statementType ? parseStatement(envelope.payload) : undefined;
  if (!statement) return { reason: "is no statement" };
  if (statement.predicateType !== predicateType) return ofOtherType(statement.predicateType);
  return { value: { ...statement, bytes: envelope.payload } };
}
