import { type Descriptor, digestOf, encodeManifest, mediaTypes } from "../oci/index.ts";
import type { PushImage } from "./push-image.ts";
import type { RemoteDocument } from "./resolve-image.ts";
import type { PushBlob } from "./upload-blob.ts";

export interface Artifact {
  /** A media type. */
  readonly artifactType: string;
  readonly blobs: readonly PushBlob[];
  /** The manifest that it is about. */
  readonly subject: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The manifest of an artifact that has an image as its subject, ready to be pushed to the image's repository. Equal artifacts are one. */
export function toArtifact({ artifactType, blobs, subject, annotations = {} }: Artifact): PushImage & {
  readonly referrers: readonly [RemoteDocument];
} {
  const emptyBytes = Buffer.from("{}");
  const config = { mediaType: mediaTypes.ociEmpty, digest: digestOf(emptyBytes), size: emptyBytes.length };
  const bytes = Buffer.from(
    encodeManifest({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config: { ...config, data: emptyBytes.toString("base64") },
      layers: blobs.map(({ descriptor }) => descriptor),
      subject,
      ...(Object.keys(annotations).length > 0 && { annotations }),
    }),
  );
  const descriptor = { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), size: bytes.length };
  return {
    blobs: [blobOf(emptyBytes, config), ...blobs],
    documents: [],
    referrers: [{ descriptor, bytes }],
  };
}

/** A small blob that is in memory. */
export function blobOf(bytes: Uint8Array, descriptor: Descriptor): PushBlob {
  return {
    descriptor,
    open: async function* () {
      yield await Promise.resolve(bytes);
    },
  };
}
