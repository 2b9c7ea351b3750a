import { type Descriptor, digestOf, mediaTypes } from "../../src/oci/index.ts";
import type { PushImage } from "../../src/registry/index.ts";

/** An image for linux/amd64 of these layers, ready to be pushed. */
export function imageOf(tars: readonly Buffer[]): PushImage {
  const config = json({
    os: "linux",
    architecture: "amd64",
    config: {},
    rootfs: { type: "layers", diff_ids: tars.map((tar) => digestOf(tar)) },
  });
  const blobs = [
    ...tars.map((tar) => [tar, mediaTypes.ociLayer] as const),
    [config, mediaTypes.ociConfig] as const,
  ].map(([bytes, mediaType]) => ({ descriptor: describe(bytes, mediaType), open: () => whole(bytes) }));
  const descriptors = blobs.map(({ descriptor }) => descriptor);
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptors.at(-1),
    layers: descriptors.slice(0, -1),
  });
  return { blobs, documents: [{ descriptor: describe(manifest, mediaTypes.ociManifest), bytes: manifest }] };
}

function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

async function* whole(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
