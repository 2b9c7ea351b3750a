import { imagesOf, type StoredImage } from "../../image/index.ts";
import { familiarReference, familiarRepository, parseReference } from "../../oci/index.ts";

/** The first 12 digits of an image's id, as Docker shows it. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

export interface NameParts {
  readonly repository: string;
  readonly tag: string;
}

/** Repository and tag of each name in Docker's familiar form; `<none>` twice for an image that has none. */
export function nameParts(image: StoredImage): readonly NameParts[] {
  if (image.names.length === 0) return [{ repository: "<none>", tag: "<none>" }];
  return image.names.map((name) => {
    const reference = parseReference(name);
    return { repository: familiarRepository(reference), tag: reference.tag ?? "<none>" };
  });
}

/** A normalised name in Docker's familiar form: `app:latest`. */
export function familiarName(name: string): string {
  return familiarReference(parseReference(name));
}

/** When the image was made, or the newest of an index, in milliseconds since the epoch; 0 when it does not say. */
export function createdMs(image: StoredImage): number {
  const times = imagesOf(image.record).map(({ config }) => Date.parse(config.created ?? ""));
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}
