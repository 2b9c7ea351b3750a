import {
  type Descriptor,
  type Digest,
  formatPlatform,
  type ImageReference,
  isImageDescriptor,
  parseManifestOrIndex,
} from "../../oci/index.ts";
import type { RegistryClient } from "../../registry/index.ts";

/** A manifest that is about an image, or about the index of images. */
export interface FoundReferrer {
  readonly subject: Digest;
  /** What it is about: `index`, `linux/amd64`; undefined where the name leads to one manifest alone. */
  readonly about?: string;
  readonly descriptor: Descriptor;
}

export interface ReferrerList {
  /** What the name points to. */
  readonly digest: Digest;
  readonly referrers: readonly FoundReferrer[];
}

/** Everything that a registry knows to be about what a name points to, its images included.
 * @throws {RegistryError} */
export async function listReferrers(
  registry: RegistryClient,
  reference: ImageReference,
  artifactType?: string,
): Promise<ReferrerList> {
  const { descriptor, bytes } = await registry.resolveManifest(reference);
  const { domain, path } = reference;
  const document = parseManifestOrIndex(bytes, descriptor.mediaType);
  const images = document.kind === "index" ? document.index.manifests.filter(isImageDescriptor) : [];
  const subjects = [
    { digest: descriptor.digest, ...(document.kind === "index" && { about: "index" }) },
    ...images.map(({ digest, platform }) => ({
      digest,
      ...(platform && { about: formatPlatform(platform) }),
    })),
  ];
  const lists = await Promise.all(
    subjects.map(async ({ digest, ...about }) => {
      const found = await registry.listReferrers({ domain, path, digest }, artifactType);
      return found.map((each): FoundReferrer => ({ subject: digest, ...about, descriptor: each }));
    }),
  );
  return { digest: descriptor.digest, referrers: lists.flat() };
}
