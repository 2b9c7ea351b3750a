import type {
  Descriptor,
  DiffID,
  Digest,
  DraftImageConfig,
  LayerCompression,
  LayerTimes,
  Platform,
} from "../oci/index.ts";

/** An image of the store. Immutable, plain JSON, stored by its own digest; names point to it.
 * Layers are directories first and tars only on demand, so `config` has no diffIDs: they are filled in when something needs
 * the image's digest. */
export interface ImageRecord {
  readonly config: DraftImageConfig;
  /** Bottom first. */
  readonly layers: readonly ImageLayer[];
  /** Set for an image that came from a registry or archive: its own manifest and config stay as they were. */
  readonly origin?: ImageOrigin;
  /** How a built image travels. */
  readonly form?: ImageForm;
  /** Of a built image's manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of whatever describes its manifest: an index. */
  readonly descriptorAnnotations?: Readonly<Record<string, string>>;
  /** What is said of a built image; they travel with it. */
  readonly attestations?: Attestations;
  /** Set for an image that was built. */
  readonly build?: {
    readonly target: string;
    readonly dockerfile: string;
    readonly contextDir?: string;
    /** Name of the step that made each layer; null for a base image's. */
    readonly steps?: readonly (string | null)[];
  };
}

/** The bytes of a built image, which come into being when it leaves the store. What is absent is as in BuildKit. */
export interface ImageForm {
  /** Of layers that were made here; default gzip. */
  readonly compression?: LayerCompression;
  /** Default: the compression's own. */
  readonly level?: number;
  /** Are layers of base images compressed anew where they are compressed otherwise? */
  readonly isForced?: boolean;
  /** Default OCI. */
  readonly mediaTypes?: "docker";
}

/** Statements about an image, which are made when its digest is known. */
export interface Attestations {
  /** Package URLs of the image's names. */
  readonly subjects: readonly string[];
  readonly predicates: readonly Predicate[];
  /** Written in the older form, as an image, and not as an artifact. */
  readonly isImage?: boolean;
  /** Kept beside the image in a registry, as its referrers, and not in its index. */
  readonly areReferrers?: boolean;
}

/** What a statement says: JSON in the content store. */
export interface Predicate {
  /** A URI: `https://spdx.dev/Document`. */
  readonly type: string;
  readonly digest: Digest;
  /** Of a list of packages: what it lists beside the image, a stage or `context`. */
  readonly part?: string;
  /** How many of the image's layers, bottom first, each step ends with: the statement has their blobs as `layers` of the member that the
   * path `at` leads to. */
  readonly layers?: {
    readonly at: readonly string[];
    readonly counts: Readonly<Record<string, number>>;
  };
}

/** A layer that was made here, or one that is known by its blob and unpacked when a step needs it.
 * `identity` is what the layer is to steps above it (ARCHITECTURE.md, Keys); a blob's is its diffID. */
export type ImageLayer =
  | {
      readonly kind: "directory";
      readonly layer: string;
      readonly identity: string;
      /** Times of its tar; absent: those of its files. */
      readonly times?: LayerTimes;
    }
  | {
      readonly kind: "blob";
      readonly diffID: DiffID;
      readonly blob: Descriptor;
      /** Normalised reference of an image that has the blob, to fetch it by when the store lacks it. */
      readonly reference?: string;
    };

export interface ImageOrigin {
  /** Normalised reference it was fetched by, e.g. `docker.io/library/golang:latest`; absent for an archive. */
  readonly reference?: string;
  /** Digest that the tag pointed to (an index or a manifest); what a base image is pinned by. */
  readonly digest: Digest;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
}

/** An image for several platforms, as the store keeps it: each with its whole record, so that nothing can go missing. */
export interface IndexRecord {
  readonly kind: "index";
  /** In the order of the index. */
  readonly images: readonly PlatformImage[];
  /** Of a built index. */
  readonly mediaTypes?: "docker";
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of what describes the index: that of an OCI layout. */
  readonly descriptorAnnotations?: Readonly<Record<string, string>>;
  /** Set for an index that came from a registry or archive; its bytes may be in the content store. Of a registry's index, only
   * the images that were asked for are here. */
  readonly origin?: { readonly reference?: string; readonly digest: Digest };
  /** Manifests that are no images, of indexes that came from elsewhere. */
  readonly others?: readonly OtherManifest[];
}

/** A manifest that says something of an image: taken over with what it names, whatever that is. */
export interface OtherManifest {
  /** As the index has it. */
  readonly manifest: Descriptor;
  /** Config and layers. */
  readonly blobs: readonly Descriptor[];
  /** Normalised reference that the blobs can be fetched by. */
  readonly reference?: string;
}

export interface PlatformImage {
  readonly platform: Platform;
  readonly image: ImageRecord;
}

/** What a name of the store points to. */
export type StoredRecord = ImageRecord | IndexRecord;
