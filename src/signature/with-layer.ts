import {
  type Descriptor,
  digestOf,
  encodeImageConfig,
  encodeManifest,
  type Manifest,
  mediaTypes,
  parseDiffID,
} from "../oci/index.ts";
import { blobOf, type PushImage } from "../registry/index.ts";

/** An image with one more layer, as cosign keeps signatures and attestations. Only the new payload and the config are sent: the
 * registry has the others. */
export function withLayer(present: readonly Descriptor[], layer: Descriptor, payload: Buffer): PushImage {
  const layers = [...present, layer];
  const diffIds = layers.map(({ digest }) => parseDiffID(digest));
  const config = Buffer.from(
    encodeImageConfig({
      architecture: "",
      os: "",
      created: "0001-01-01T00:00:00Z",
      config: {},
      history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
      rootfs: { type: "layers", diff_ids: diffIds },
    }),
  );
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, size: config.length, digest: digestOf(config) },
    layers,
  };
  const bytes = Buffer.from(encodeManifest(manifest));
  const descriptor = { mediaType: mediaTypes.ociManifest, size: bytes.length, digest: digestOf(bytes) };
  const blobs = [blobOf(config, manifest.config), blobOf(payload, layer)];
  return { blobs, documents: [{ descriptor, bytes }] };
}
