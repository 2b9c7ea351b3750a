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
