import { createPublicKey, type KeyObject } from "node:crypto";
import { type Descriptor, digestOf, type ImageReference } from "../oci/index.ts";
import { blobOf, type RegistryClient, RegistryError, toArtifact } from "../registry/index.ts";
import { BlobReader } from "./blob-reader.ts";
import { bundleType, encodeBundle } from "./bundle.ts";
import { valuesOf } from "./finding.ts";
import { predicateTypeAnnotation, readBundles } from "./read-bundles.ts";
import { isoTime } from "../util/index.ts";

export interface NewBundle {
  readonly key: KeyObject;
  readonly registry: RegistryClient;
  /** JSON. */
  readonly statement: Buffer;
  readonly predicateType: string;
  /** Bundles that are larger are not read to find out whether they say the same. */
  readonly limitBytes: number;
}

/** Signs a statement about a manifest and puts it among the manifest's referrers, as cosign 3 does. Those that are there stay.
 * @returns false when this key had signed the same statement before, and nothing was sent
 * @throws {RegistryError} */
export async function addBundle(
  { domain, path }: ImageReference,
  subject: Descriptor,
  { key, registry, statement, predicateType, limitBytes }: NewBundle,
): Promise<boolean> {
  const search = {
    key: createPublicKey(key),
    registry,
    reader: new BlobReader(registry),
    predicateType,
    limitBytes,
  };
  const present = valuesOf(await readBundles({ domain, path, digest: subject.digest }, search));
  if (present.some(({ bytes }) => bytes.equals(statement))) return false;
  const bundle = encodeBundle(statement, key);
  const artifact = toArtifact({
    artifactType: bundleType,
    blobs: [blobOf(bundle, { mediaType: bundleType, digest: digestOf(bundle), size: bundle.length })],
    subject,
    annotations: {
      "dev.sigstore.bundle.content": "dsse-envelope",
      [predicateTypeAnnotation]: predicateType,
      "org.opencontainers.image.created": isoTime(Date.now()).replace(/\.\d+Z$/, "Z"),
    },
  });
  try {
    await registry.push([{ domain, path }], artifact);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "BAD_RESPONSE") throw error;
    const hint =
      error.hint ??
      "an old registry may not take artifacts that have a subject; it takes --new-bundle-format=false";
    throw new RegistryError(error.code, error.message, { cause: error.cause, hint });
  }
  return true;
}
