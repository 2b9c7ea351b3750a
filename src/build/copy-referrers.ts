import {
  type Descriptor,
  type Digest,
  digestHex,
  type ImageReference,
  parseManifestOrIndex,
} from "../oci/index.ts";
import type { RegistryClient, RemoteDocument } from "../registry/index.ts";
import { BuildError } from "./build-error.ts";

/** What is kept beside an image in its repository. */
export interface BesideImage {
  /** Blobs of all of it. */
  readonly blobs: readonly Descriptor[];
  /** Manifests with a subject, after those that they are about. */
  readonly referrers: readonly RemoteDocument[];
  /** Manifests that are found by a tag: cosign's signatures. */
  readonly tagged: readonly { readonly tag: string; readonly document: RemoteDocument }[];
}

/** Far above what an image is told of, by itself and by what is told of that. */
const maxReferrers = 1000;
/** Tags of cosign: signatures, attestations, lists of packages. */
const suffixes = ["sig", "att", "sbom"];

/** Collects all that is about `subjects`, and about that in turn. Manifests that are copied anyway are left out.
 * @throws {BuildError} `BAD_IMAGE` when there is no end of them; {RegistryError} */
export async function collectBeside(
  registry: RegistryClient,
  { domain, path }: ImageReference,
  subjects: readonly Digest[],
): Promise<BesideImage> {
  const seen = new Set(subjects);
  const referrers: RemoteDocument[] = [];
  // A set is walked on while it grows.
  for (const digest of seen) {
    for (const each of await registry.listReferrers({ domain, path, digest })) {
      if (seen.has(each.digest)) continue;
      if (seen.size - subjects.length >= maxReferrers)
        throw new BuildError(
          "BAD_IMAGE",
          `Cannot copy the referrers of ${digest}: there are more than ${maxReferrers}`,
        );
      seen.add(each.digest);
      referrers.push(await registry.resolveManifest({ domain, path, digest: each.digest }));
    }
  }
  const tagged: { tag: string; document: RemoteDocument }[] = [];
  for (const digest of subjects) {
    const tags = suffixes.map((suffix) => `sha256-${digestHex(digest)}.${suffix}`);
    const found = await Promise.all(tags.map((tag) => findTag(registry, { domain, path, tag })));
    tagged.push(...found.filter((each) => each !== undefined));
  }
  const documents = [...referrers, ...tagged.map(({ document }) => document)];
  return { blobs: documents.flatMap(blobsOf), referrers, tagged };
}

async function findTag(registry: RegistryClient, reference: ImageReference & { readonly tag: string }) {
  try {
    return { tag: reference.tag, document: await registry.resolveManifest(reference) };
  } catch (error) {
    if ((error as { code?: unknown }).code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** An index of artifacts names manifests that are referrers themselves. */
function blobsOf({ bytes, descriptor }: RemoteDocument): readonly Descriptor[] {
  const document = parseManifestOrIndex(bytes, descriptor.mediaType);
  return document.kind === "manifest" ? [document.manifest.config, ...document.manifest.layers] : [];
}
