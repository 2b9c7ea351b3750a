import type { Writable } from "node:stream";
import type { Digest, DiffID } from "../oci/index.ts";

/** An image as engines know it. */
export interface HandedImage {
  readonly configDigest: Digest;
  readonly manifestDigest: Digest;
  /** Bottom first. */
  readonly layers: readonly HandedLayer[];
  /** Normalised. */
  readonly names: readonly string[];
}

export interface HandedLayer {
  readonly diffID: DiffID;
  /** Of its blob in the archive. */
  readonly digest: Digest;
}

/** Writes the image's archive to a stream, which it leaves open. */
export type WriteArchive = (stream: Writable, options?: ArchiveOptions) => Promise<void>;

export interface ArchiveOptions {
  /** Blobs of layers that the engine has. */
  readonly leftOut?: ReadonlySet<Digest>;
  /** Default: those of the image. */
  readonly names?: readonly string[];
}

/** Another engine of this machine that images can be handed to. */
export interface ContainerEngine {
  /** For people: `docker (unix:///var/run/docker.sock)`. */
  readonly title: string;
  readonly format: "docker" | "oci";
  /** Has it the image? Then it gets the names that it lacks, and nothing is moved.
   * @throws {LoadError} */
  adopt(image: HandedImage): Promise<boolean>;
  /** @throws {LoadError} */
  load(image: HandedImage, write: WriteArchive): Promise<void>;
}
