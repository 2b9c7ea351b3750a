import {
  type ImageRecord,
  ImageStore,
  isIndex,
  knownAssembly,
  readPredicate,
  selectImage,
  type StoredImage,
} from "../../image/index.ts";
import {
  type Descriptor,
  type Digest,
  familiarReference,
  hostPlatform,
  type ImageReference,
  type Manifest,
  matchPlatform,
  mediaTypes,
  OciError,
  parseManifest,
  parseManifestOrIndex,
  parseReference,
  type Platform,
} from "../../oci/index.ts";
import type { RegistryClient } from "../../registry/index.ts";
import { BuildError } from "../build-error.ts";
import { normaliseTag } from "../normalise-tag.ts";
import type { StepEngine } from "../step-engine.ts";

export type PredicateKind = "sbom" | "provenance";

interface KindFacts {
  /** Types of predicates, the newest first. */
  readonly predicateTypes: readonly string[];
  /** Media types of documents that stand for themselves, without a statement around them. */
  readonly documentTypes: readonly string[];
  readonly hint: string;
}

const kinds: Readonly<Record<PredicateKind, KindFacts>> = {
  sbom: {
    predicateTypes: ["https://spdx.dev/Document"],
    documentTypes: ["application/spdx+json", "text/spdx+json"],
    hint: "attach one with: slipway build --sbom=true; or list its packages now: slipway sbom",
  },
  provenance: {
    predicateTypes: ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"],
    documentTypes: [],
    hint: "attach it with: slipway build --provenance=true",
  },
};

/** Far above the largest bill of materials. */
const limitBytes = 256 << 20;
/** Nobody attaches more to one image. */
const maxReferrers = 100;

/** What is said of an image: by the store, which keeps it for images that were built here, or by its registry, in the image's index or
 * beside it. Nothing is verified but digests: whoever may push may say anything.
 * @returns the predicate, JSON
 * @throws {BuildError} `NOT_ATTESTED` | `BAD_IMAGE` for a statement that is none; {RegistryError} | {ImageError} */
export async function findPredicate(
  name: string,
  kind: PredicateKind,
  { steps, platform = hostPlatform() }: { readonly steps: StepEngine; readonly platform?: Platform },
): Promise<string> {
  const stored = findStored(name, steps);
  const here = stored && predicateOfStore(stored, kind, { steps, platform });
  if (here !== undefined) return here;
  const origin = stored?.record.origin;
  if (stored && origin?.reference === undefined) throw notAttested(name, kind);
  const asked = parseReference(origin?.reference ?? normaliseTag(name));
  const reference = origin ? { ...asked, digest: origin.digest } : asked;
  const found = await predicateOfRegistry(await steps.registry(), reference, { kind, platform });
  if (found === undefined) throw notAttested(familiarReference(reference), kind);
  return found;
}

function findStored(name: string, { store }: StepEngine): StoredImage | undefined {
  try {
    return new ImageStore(store).find(name);
  } catch (error) {
    if ((error as { code?: unknown }).code === "IMAGE_NOT_FOUND") return undefined;
    throw error;
  }
}

function predicateOfStore(
  { record }: StoredImage,
  kind: PredicateKind,
  { steps: { store }, platform }: { readonly steps: StepEngine; readonly platform: Platform },
): string | undefined {
  const image: ImageRecord | undefined = isIndex(record) ? selectImage(store, record, platform) : record;
  for (const type of kinds[kind].predicateTypes) {
    const found = image?.attestations?.predicates.find((predicate) => predicate.type === type);
    if (found) return readPredicate(store, found, knownAssembly(store, image!)?.layers);
  }
  const others = isIndex(record) ? (record.others ?? []) : [];
  const about = others.filter(({ manifest }) => isAbout(manifest, image?.origin?.manifest.digest));
  const statement = statementIn(
    about.flatMap(({ blobs }) => blobs),
    kind,
  );
  // What a registry's index names may not have been fetched.
  if (!statement || !store.content.has(statement.digest, statement.size)) return undefined;
  return toPredicate(store.content.read(statement.digest, limitBytes).toString(), statement.digest);
}

/** Does an index say that this manifest is about an image? */
function isAbout({ annotations }: Descriptor, image: Digest | undefined): boolean {
  return image !== undefined && annotations?.["vnd.docker.reference.digest"] === image;
}

/** The layer with a statement of this kind, the newest type first. */
function statementIn(layers: readonly Descriptor[], kind: PredicateKind): Descriptor | undefined {
  const { predicateTypes } = kinds[kind];
  const rank = ({ annotations }: Descriptor) =>
    predicateTypes.indexOf(annotations?.["in-toto.io/predicate-type"] ?? "");
  const [statement] = layers
    .filter((layer) => layer.mediaType === mediaTypes.inToto && rank(layer) >= 0)
    .sort((one, other) => rank(one) - rank(other));
  return statement;
}

interface Search {
  readonly kind: PredicateKind;
  readonly platform: Platform;
}

async function predicateOfRegistry(
  registry: RegistryClient,
  reference: ImageReference,
  { kind, platform }: Search,
): Promise<string | undefined> {
  const { domain, path } = reference;
  const at = (digest: Digest) => ({ domain, path, digest });
  for (const digest of await manifestsAbout(registry, reference, platform)) {
    const { bytes, descriptor } = await registry.resolveManifest(at(digest));
    const manifest = tryParse(bytes, descriptor.mediaType);
    const found = manifest && (await predicateIn(registry, at(digest), { manifest, kind }));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What may hold statements about the image of a platform: what its index names, then referrers of the image and of the index. */
async function manifestsAbout(
  registry: RegistryClient,
  reference: ImageReference,
  platform: Platform,
): Promise<readonly Digest[]> {
  const { domain, path } = reference;
  const { descriptor, bytes } = await registry.resolveManifest(reference);
  const document = parseManifestOrIndex(bytes, descriptor.mediaType);
  const index = document.kind === "index" ? document.index : undefined;
  const image = index ? matchPlatform(index, platform)?.digest : descriptor.digest;
  const named = (index?.manifests ?? []).filter((each) => isAbout(each, image));
  const subjects = new Set([image ?? descriptor.digest, descriptor.digest]);
  const listed: Descriptor[] = [];
  for (const digest of subjects) listed.push(...(await registry.listReferrers({ domain, path, digest })));
  // Other forms of artifacts are of the past, and no statements.
  const manifests = [...named, ...listed].filter(({ mediaType }) => mediaType === mediaTypes.ociManifest);
  return [...new Set(manifests.map(({ digest }) => digest))].slice(0, maxReferrers);
}

async function predicateIn(
  registry: RegistryClient,
  reference: ImageReference,
  { manifest, kind }: { readonly manifest: Manifest; readonly kind: PredicateKind },
): Promise<string | undefined> {
  const { documentTypes } = kinds[kind];
  const document = manifest.layers.find(({ mediaType }) => documentTypes.includes(mediaType));
  if (document) return (await registry.readBlob(reference, document, limitBytes)).toString();
  const statement = statementIn(manifest.layers, kind);
  if (!statement) return await predicateInBundle(registry, reference, { manifest, kind });
  const text = (await registry.readBlob(reference, statement, limitBytes)).toString();
  return toPredicate(text, statement.digest);
}

/** A sigstore bundle is one layer, and its manifest says what is in it. */
async function predicateInBundle(
  registry: RegistryClient,
  reference: ImageReference,
  { manifest, kind }: { readonly manifest: Manifest; readonly kind: PredicateKind },
): Promise<string | undefined> {
  const [layer, ...others] = manifest.layers;
  const { isBundleType, predicateTypeAnnotation, unverifiedStatement } = await import(
    "../../signature/index.ts"
  );
  const told = manifest.annotations?.[predicateTypeAnnotation] ?? "";
  const isOfKind = kinds[kind].predicateTypes.includes(told);
  if (!layer || others.length > 0 || !isBundleType(layer.mediaType) || !isOfKind) return undefined;
  const statement = unverifiedStatement(await registry.readBlob(reference, layer, limitBytes));
  return statement && toPredicate(statement.toString(), layer.digest);
}

function toPredicate(text: string, digest: Digest): string {
  try {
    const { predicate } = JSON.parse(text) as { readonly predicate?: unknown };
    if (typeof predicate === "object" && predicate !== null) return JSON.stringify(predicate);
  } catch {
    // said below
  }
  throw new BuildError("BAD_IMAGE", `Cannot read statement ${digest}: it has no predicate`);
}

/** Another tool's referrer may be anything. */
function tryParse(bytes: Buffer, mediaType: string): Manifest | undefined {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

function notAttested(name: string, kind: PredicateKind): BuildError {
  const what = kind === "sbom" ? "SBOM" : "provenance";
  return new BuildError("NOT_ATTESTED", `Cannot show the ${what} of ${name}: it has none`, {
    hint: kinds[kind].hint,
  });
}
