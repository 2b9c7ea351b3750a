import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Descriptor, Digest, ImageReference } from "../../oci/index.ts";
import type { RegistryClient } from "../../registry/index.ts";
import { BuildError } from "../build-error.ts";

export interface AttachedFile {
  /** Absolute. */
  readonly file: string;
  readonly mediaType: string;
}

export interface Attachment {
  readonly artifactType: string;
  readonly files: readonly AttachedFile[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Puts files beside an image of a registry, as an artifact that has it as its subject. Equal attachments are one.
 * @param reference of the image or index that they are about
 * @returns digests of the artifact and of what it is about
 * @throws {BuildError} `INVALID_ARGUMENT` for a file that cannot be read; {RegistryError} */
export async function attachFiles(
  registry: RegistryClient,
  reference: ImageReference,
  { artifactType, files, annotations }: Attachment,
): Promise<{ readonly digest: Digest; readonly subject: Digest }> {
  const { descriptor: subject } = await registry.resolveManifest(reference);
  const layers = await Promise.all(files.map(describeFile));
  const blobs = layers.map((layer, index) => ({
    descriptor: layer,
    open: () => createReadStream(files[index]!.file),
  }));
  const { toArtifact } = await import("../../registry/index.ts");
  const artifact = toArtifact({ artifactType, blobs, subject, annotations });
  const { domain, path: repository } = reference;
  await registry.push([{ domain, path: repository }], artifact);
  return { digest: artifact.referrers[0].descriptor.digest, subject: subject.digest };
}

async function describeFile({ file, mediaType }: AttachedFile): Promise<Descriptor> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    if (!(await stat(file)).isFile()) throw new Error("it is no file");
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (cause) {
    throw new BuildError("INVALID_ARGUMENT", `Cannot attach ${JSON.stringify(file)}`, { cause });
  }
  const annotations = { "org.opencontainers.image.title": path.basename(file) };
  return { mediaType, digest: `sha256:${hash.digest("hex")}` as Digest, size, annotations };
}
