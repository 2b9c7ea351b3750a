import { familiarRepository, parseReference } from "../oci/index.ts";
import { ImageError } from "./image-error.ts";
import { type ImageStore, type StoredImage, tryNormalise } from "./image-store.ts";

export interface RemovedImage {
  /** Normalised names that were taken away. */
  readonly untagged: readonly string[];
  /** Id of the image, when nothing is left that points to it. */
  readonly deleted?: string;
}

/** `rmi`, as docker does it: a name is taken away, and its image with the last one; by id, the image goes with all its names,
 * unless they are of several repositories and `force` is not set. Layers and blobs stay until a prune.
 * @throws {ImageError} `IMAGE_NOT_FOUND` | `AMBIGUOUS_ID` | `IMAGE_IN_USE` */
export function removeImage(
  images: ImageStore,
  nameOrId: string,
  options: { readonly force?: boolean } = {},
): RemovedImage {
  const image = images.find(nameOrId);
  const name = image.names.find((each) => each === tryNormalise(nameOrId));
  if (name === undefined && !options.force) refuseSeveralRepositories(image, nameOrId);
  const untagged = (name === undefined ? image.names : [name]).filter((each) => images.removeName(each));
  const removed = [image.recordId, ...image.otherRecordIds].map((id) => images.removeRecord(id));
  const isDeleted = removed.every(Boolean);
  return { untagged, ...(isDeleted && { deleted: image.id }) };
}

function refuseSeveralRepositories(image: StoredImage, id: string): void {
  const repositories = new Set(image.names.map((name) => familiarRepository(parseReference(name))));
  if (repositories.size < 2) return;
  throw new ImageError(
    "IMAGE_IN_USE",
    `Cannot remove image ${id}: it is referenced in multiple repositories (${[...repositories].join(", ")})`,
    { hint: "remove its names one by one, or use --force" },
  );
}
