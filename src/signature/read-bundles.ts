import type { KeyObject } from "node:crypto";
import {
  type Descriptor,
  type Digest,
  type ImageReference,
  type Manifest,
  mediaTypes,
  OciError,
  parseManifest,
} from "../oci/index.ts";
import type { RegistryClient, RemoteDocument } from "../registry/index.ts";
import { Semaphore } from "../util/index.ts";
import type { BlobReader } from "./blob-reader.ts";
import { isBundleType, openBundle } from "./bundle.ts";
import type { Finding } from "./finding.ts";
import { parseStatement, type Statement } from "./statement.ts";

/** What cosign writes beside a bundle, to say what it is of without reading it. */
export const predicateTypeAnnotation = "dev.sigstore.bundle.predicateType";

/** More nobody has; each costs requests. */
const maxBundles = 1000;
const maxAtOnce = 8;

export interface BundleSearch {
  readonly key: KeyObject;
  readonly registry: RegistryClient;
  readonly reader: BlobReader;
  /** Only statements of this type count; a URI. */
  readonly predicateType: string;
  /** Of one bundle. */
  readonly limitBytes: number;
}

export interface SignedStatement extends Statement {
  /** JSON. */
  readonly bytes: Buffer;
}

/** Finds the statements that this key signed in the sigstore bundles among an image's referrers. Whether they are about the image is for the
 * caller to say.
 * @throws {RegistryError} */
export async function readBundles(
  { domain, path, digest }: ImageReference & { readonly digest: Digest },
  search: BundleSearch,
): Promise<readonly Finding<SignedStatement>[]> {
  const listed = await search.registry.listReferrers({ domain, path, digest });
  const candidates = listed.filter(mayBeBundle);
  const slots = new Semaphore(maxAtOnce);
  const judged = candidates
    .slice(0, maxBundles)
    .map((referrer) => slots.run(() => judge({ domain, path }, referrer, search)));
  const findings = (await Promise.all(judged)).filter((finding) => finding !== undefined);
  if (candidates.length > maxBundles)
    findings.push({ reason: `is beyond the ${maxBundles} that are looked at` });
  return findings;
}

/** Not every tool tells an artifact's type; some tell that of its empty config. */
function mayBeBundle({ mediaType, artifactType = mediaTypes.ociEmpty }: Descriptor): boolean {
  return (
    mediaType === mediaTypes.ociManifest &&
    (isBundleType(artifactType) || artifactType === mediaTypes.ociEmpty)
  );
}

/** @returns undefined for what is no bundle at all */
async function judge(
  place: ImageReference,
  referrer: Descriptor,
  { key, reader, predicateType, limitBytes }: BundleSearch,
): Promise<Finding<SignedStatement> | undefined> {
  const isOther = (told: string | undefined): told is string => told !== undefined && told !== predicateType;
  const listedType = referrer.annotations?.[predicateTypeAnnotation];
  if (isOther(listedType)) return ofOtherType(listedType);
  const document = await reader.readManifest(place, referrer);
  if ("reason" in document) return document;
  const manifest = tryParse(document.value);
  const layer = manifest && bundleIn(manifest);
  if (!layer) return undefined;
  // Not every list of referrers has their annotations.
  const ownType = manifest.annotations?.[predicateTypeAnnotation];
  if (isOther(ownType)) return ofOtherType(ownType);
  const bytes = await reader.read(place, layer, limitBytes);
  if ("reason" in bytes) return bytes;
  const payload = openBundle(bytes.value, key);
  if ("reason" in payload) return payload;
  const statement = parseStatement(payload.value);
  if (!statement) return { reason: "is no statement" };
  if (statement.predicateType !== predicateType) return ofOtherType(statement.predicateType);
  return { value: { ...statement, bytes: payload.value } };
}

export function ofOtherType(predicateType: string): Finding<never> {
  return { reason: `says something else, ${JSON.stringify(predicateType)}`, isOfOtherType: true };
}

function tryParse({ bytes, descriptor }: RemoteDocument): Manifest | undefined {
  try {
    return parseManifest(bytes, descriptor.mediaType);
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

/** As cosign reads them: the one layer of a manifest. */
function bundleIn({ layers }: Manifest): Descriptor | undefined {
  const [layer, ...others] = layers;
  return layer && others.length === 0 && isBundleType(layer.mediaType) ? layer : undefined;
}
