import type { Writable } from "node:stream";
import type { Digest, DiffID } from "../oci/index.ts";

/** An image as engines know it. */
export interface HandedImage {
  readonly configDigest: Digest;
  readonly manifestDigest: Digest;
  /** Bottom first. */
  readonly diffIDs: readonly DiffID[];
  /** Normalised. */
  readonly names: readonly string[];
}

/** Writes the image's archive to a stream, which it leaves open.
 * @param withoutLayers how many of the lowest layers are left out */
export type WriteArchive = (stream: Writable, withoutLayers: number) => Promise<void>;

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
