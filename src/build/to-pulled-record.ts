import type { ImageRecord } from "../image/index.ts";
import { parseImageConfig } from "../oci/index.ts";
import type { ResolvedImage } from "../registry/index.ts";
import { BuildError } from "./build-error.ts";

/** The record of an image that was found in a registry; its layers are known by their blobs.
 * @param name normalised
 * @throws {BuildError} `BAD_IMAGE` */
export function toPulledRecord(
  name: string,
  { digest, manifest, config: document }: ResolvedImage,
): ImageRecord {
  const { rootfs, ...config } = parseImageConfig(document.bytes);
  const { layers } = manifest.value;
  if (layers.length !== rootfs.diff_ids.length) {
    throw new BuildError(
      "BAD_IMAGE",
      `Cannot use ${name}: ${layers.length} layers, but ${rootfs.diff_ids.length} diffIDs`,
    );
  }
  return {
    config,
    layers: layers.map((blob, index) => ({
      kind: "blob",
      diffID: rootfs.diff_ids[index]!,
      blob,
      reference: name,
    })),
    origin: { reference: name, digest, manifest: manifest.descriptor, config: document.descriptor },
  };
}
