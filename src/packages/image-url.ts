import {
  familiarRepository,
  formatPlatform,
  type ImageReference,
  normalizePlatform,
  type Platform,
} from "../oci/index.ts";
import { encodeUrlPart } from "./package-url.ts";

/** The package URL of an image in a registry, as BuildKit writes it: `pkg:docker/alpine@3.20?platform=linux%2Famd64`. A name that is
 * pinned has its digest too. */
export function imageUrl(reference: ImageReference, platform: Platform): string {
  const { tag, digest } = reference;
  const name = familiarRepository(reference).split("/").map(encodeUrlPart).join("/");
  const version = tag ?? (digest === undefined ? "latest" : undefined);
  const pin = digest === undefined ? "" : `digest=${encodeUrlPart(digest)}&`;
  return `pkg:docker/${name}${version === undefined ? "" : `@${encodeUrlPart(version)}`}?${pin}${qualifier(platform)}`;
}

/** The package URL of an image in an OCI layout. */
export function layoutUrl(name: string, tag: string, platform: Platform): string {
  return `pkg:oci/${encodeUrlPart(name)}@${encodeUrlPart(tag)}?${qualifier(platform)}`;
}

function qualifier(platform: Platform): string {
  return `platform=${encodeUrlPart(formatPlatform(normalizePlatform(platform)))}`;
}
