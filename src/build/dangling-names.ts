import { assembleImage, assembleIndex, isIndex, type StoredRecord } from "../image/index.ts";
import { normaliseTag } from "./normalise-tag.ts";
import type { BuildOptions } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

/** The name that an image has by its digest, as `dangling-name-prefix` of BuildKit asks for it: normalised, one or none. The image is made
 * complete in the content store for that. */
export async function danglingNames(
  record: StoredRecord,
  { danglingName, tags }: Pick<BuildOptions, "danglingName" | "tags">,
  { store, packer, fetchBlob }: StepEngine,
): Promise<readonly string[]> {
  if (!danglingName || (danglingName.isForUnnamed && tags.length > 0)) return [];
  const options = { packer, fetchBlob };
  const { digest } = isIndex(record)
    ? (await assembleIndex(store, record, options)).index.descriptor
    : (await assembleImage(store, record, options)).manifest;
  return [normaliseTag(`${danglingName.prefix}@${digest}`)];
}
