import { formatReference, parseReference } from "../oci/index.ts";
import { BuildError } from "./build-error.ts";

/** `app` → `docker.io/library/app:latest`.
 * @throws {BuildError} `INVALID_TAG` */
export function normaliseTag(tag: string): string {
  try {
    return formatReference(parseReference(tag));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BuildError("INVALID_TAG", `invalid tag "${tag}": ${reason}`, { cause: error });
  }
}

/** As `normaliseTag`, for a name that an image is to be given: a digest is none that can be chosen.
 * @throws {BuildError} `INVALID_TAG` */
export function normaliseNewTag(tag: string): string {
  const name = normaliseTag(tag);
  if (!name.includes("@")) return name;
  throw new BuildError("INVALID_TAG", `invalid tag "${tag}": a digest is no name that can be given`);
}
