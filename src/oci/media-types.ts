export const mediaTypes = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  /** Config of a manifest that needs none. */
  ociEmpty: "application/vnd.oci.empty.v1+json",
  inToto: "application/vnd.in-toto+json",
} as const;

/** Of descriptors of eStargz layers: the digest of the table of contents, and the size of the uncompressed tar. */
export const estargzAnnotations = [
  "containerd.io/snapshot/stargz/toc.digest",
  "io.containers.estargz.uncompressed-size",
] as const;

/** `estargz` is gzip whose parts can be read for themselves. */
export type LayerCompression = "none" | "gzip" | "estargz" | "zstd";
