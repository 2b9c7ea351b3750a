import { createPublicKey, type KeyObject } from "node:crypto";
import { type Descriptor, type Digest, digestOf, type ImageReference } from "../oci/index.ts";
import { type RegistryClient, RegistryError } from "../registry/index.ts";
import { addBundle } from "./add-bundle.ts";
import { BlobReader } from "./blob-reader.ts";
import { envelopeType, isEnvelopeSignedBy, parseEnvelope, signEnvelope, statementType } from "./dsse.ts";
import type { SignatureForm } from "./sign-image.ts";
import { SignatureError } from "./signature-error.ts";
import {
  assertOnlySignatures,
  attestationsOf,
  readSignatures,
  signatureAnnotation,
} from "./signature-manifest.ts";
import { encodeStatement } from "./statement.ts";
import { withLayer } from "./with-layer.ts";

export interface AttestOptions {
  readonly key: KeyObject;
  /** Must ask the registry itself: a mirror may not know the newest attestations. */
  readonly registry: RegistryClient;
  /** Default `bundle`. */
  readonly form?: SignatureForm;
  /** A URI: `https://spdx.dev/Document`. */
  readonly predicateType: string;
  /** JSON, at most `maxPredicateBytes` of it. */
  readonly predicate: string;
  /** With `tag`: take away the attestations of this type that are there. */
  readonly isReplacing?: boolean;
}

export interface AttestedImage {
  readonly digest: Digest;
  /** This key had said the same before, and nothing was sent. */
  readonly wasAttested: boolean;
}

/** Far above the largest bill of materials. */
export const maxPredicateBytes = 64 << 20;
/** Of an envelope or a bundle, which holds a statement in base64; cosign reads no more either. */
export const maxEnvelopeBytes = 128 << 20;

/** Signs a statement about what a reference points to, and adds it to those that the registry has of it, as cosign does.
 * @throws {SignatureError} `SIGNATURES_INVALID` | {RegistryError} */
export async function attestImage(reference: ImageReference, options: AttestOptions): Promise<AttestedImage> {
  const { key, registry, predicateType, form = "bundle" } = options;
  const { descriptor } = await registry.resolveManifest(reference);
  const { digest } = descriptor;
  const statement = encodeStatement(reference, digest, options);
  const added = { key, registry, statement, predicateType, limitBytes: maxEnvelopeBytes };
  const isNew =
    form === "bundle"
      ? await addBundle(reference, descriptor, added)
      : await addLayer(attestationsOf(reference, digest), statement, options);
  return { digest, wasAttested: !isNew };
}

/** @returns false when this key had said the same before */
async function addLayer(
  place: ImageReference & { readonly tag: string },
  statement: Buffer,
  { key, registry, predicateType, isReplacing = false }: AttestOptions,
): Promise<boolean> {
  const present = (await readSignatures(place, registry))?.layers ?? [];
  assertOnlySignatures(place, present, envelopeType);
  const isAlike = ({ annotations }: Descriptor) => annotations?.["predicateType"] === predicateType;
  const kept = isReplacing ? present.filter((layer) => !isAlike(layer)) : present;
  const reader = new BlobReader(registry);
  for (const layer of kept.filter(isAlike)) {
    const bytes = await reader.read(place, layer, maxEnvelopeBytes);
    const known = "value" in bytes ? parseEnvelope(bytes.value) : undefined;
    if (known?.payload.equals(statement) && isEnvelopeSignedBy(known, createPublicKey(key))) return false;
  }
  const envelope = signEnvelope(statement, statementType, key);
  const layer: Descriptor = {
    mediaType: envelopeType,
    size: envelope.length,
    digest: digestOf(envelope),
    annotations: { [signatureAnnotation]: "", predicateType },
  };
  try {
    await registry.push([place], withLayer(kept, layer, envelope));
  } catch (error) {
    if (kept.length === 0 || !(error instanceof RegistryError) || !refusals.has(error.code)) throw error;
    const message = `Cannot add to the attestations ${place.tag}: the registry refuses them; it may have lost one of those that are there`;
    const hint = "leave out those of this type: --replace";
    throw new SignatureError("SIGNATURES_INVALID", message, { cause: error, hint });
  }
  return true;
}

/** By these registries refuse a manifest that names a blob which they lack. */
const refusals: ReadonlySet<string> = new Set(["NOT_FOUND", "BAD_RESPONSE"]);
