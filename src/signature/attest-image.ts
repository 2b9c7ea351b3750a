import { createPublicKey, type KeyObject } from "node:crypto";
import { type Descriptor, type Digest, digestOf, type ImageReference } from "../oci/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import { envelopeType, isEnvelopeSignedBy, parseEnvelope, signEnvelope, statementType } from "./dsse.ts";
import {
  assertOnlySignatures,
  attestationsOf,
  fetchPayload,
  readSignatures,
  signatureAnnotation,
} from "./signature-manifest.ts";
import { encodeStatement } from "./statement.ts";
import { withLayer } from "./with-layer.ts";

export interface AttestOptions {
  readonly key: KeyObject;
  /** Must ask the registry itself: a mirror may not know the newest attestations. */
  readonly registry: RegistryClient;
  /** A URI: `https://spdx.dev/Document`. */
  readonly predicateType: string;
  /** JSON. */
  readonly predicate: string;
}

export interface AttestedImage {
  readonly digest: Digest;
  /** This key had said the same before, and nothing was sent. */
  readonly wasAttested: boolean;
}

/** Far above the largest bill of materials. */
export const maxEnvelopeBytes = 64 << 20;

/** Signs a statement about what a reference points to, and adds it to those that the registry has of it, as cosign does.
 * @throws {SignatureError} `SIGNATURES_INVALID` | {RegistryError} */
export async function attestImage(reference: ImageReference, options: AttestOptions): Promise<AttestedImage> {
  const { key, registry, predicateType } = options;
  const { digest } = (await registry.resolveManifest(reference)).descriptor;
  const place = attestationsOf(reference, digest);
  const present = (await readSignatures(place, registry))?.layers ?? [];
  assertOnlySignatures(place, present, envelopeType);
  const statement = encodeStatement(reference, digest, options);
  const alike = present.filter(({ annotations }) => annotations?.["predicateType"] === predicateType);
  for (const layer of alike) {
    const known = parseEnvelope(await fetchPayload(place, layer, registry, maxEnvelopeBytes));
    if (known?.payload.equals(statement) && isEnvelopeSignedBy(known, createPublicKey(key)))
      return { digest, wasAttested: true };
  }
  const envelope = signEnvelope(statement, statementType, key);
  const layer: Descriptor = {
    mediaType: envelopeType,
    size: envelope.length,
    digest: digestOf(envelope),
    annotations: { [signatureAnnotation]: "", predicateType },
  };
  await registry.push([place], withLayer(present, layer, envelope));
  return { digest, wasAttested: false };
}
