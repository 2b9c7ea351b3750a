import {
  ImageError,
  type ImageRecord,
  ImageStore,
  imagesOf,
  type IndexRecord,
  isIndex,
  type PlatformImage,
  platformOf,
  recordId,
  type StoredRecord,
} from "../image/index.ts";
import { isSamePlatform, normalizePlatform, type Platform } from "../oci/index.ts";
import { normaliseNewTag, normaliseTag } from "./normalise-tag.ts";
import type { StepEngine } from "./step-engine.ts";

/** Makes one image of several: each of `members` is an image of the store or a registry, or one for several platforms, whose images
 * are all taken. Nothing of their layers is fetched.
 * @param options.amend add to the image that `name` is already; of two images for one platform the later one counts
 * @throws {ImageError} `IMAGE_IN_USE` when `name` is an image already and `amend` is not set
 * @throws {BuildError} `INVALID_TAG` | {RegistryError} */
export async function createManifestList(
  name: string,
  members: readonly string[],
  { steps, amend }: { readonly steps: StepEngine; readonly amend: boolean },
): Promise<IndexRecord> {
  const images = new ImageStore(steps.store);
  const reference = normaliseNewTag(name);
  const existing = images.get(reference);
  if (existing && !amend) {
    throw new ImageError("IMAGE_IN_USE", `Cannot create ${name}: it is an image already`, {
      hint: "add to it with --amend, or remove it with: slipway rmi",
    });
  }
  const added = await Promise.all(members.map((member) => recordOfMember(member, steps)));
  const records = existing ? [existing, ...added] : added;
  const all = records.flatMap(toPlatformImages);
  const isLast = ({ platform }: PlatformImage, index: number) =>
    all.findLastIndex((each) => isSamePlatform(each.platform, platform)) === index;
  const others = records.flatMap((each) => (isIndex(each) ? (each.others ?? []) : []));
  const record: IndexRecord = {
    kind: "index",
    images: all.filter(isLast),
    ...(others.length > 0 && { others }),
  };
  images.setName(reference, images.putRecord(record));
  return record;
}

/** Says what one of the images of an index is for.
 * @param member name or id of that image, or the digest of its manifest
 * @throws {ImageError} `IMAGE_NOT_FOUND` */
export function annotateManifestList(
  name: string,
  member: string,
  { steps, platform }: { readonly steps: StepEngine; readonly platform: Partial<Platform> },
): IndexRecord {
  const images = new ImageStore(steps.store);
  const reference = normaliseTag(name);
  const record = images.get(reference);
  if (!record || !isIndex(record)) {
    throw new ImageError("IMAGE_NOT_FOUND", `No such manifest list: ${name}`);
  }
  const isMeant = memberTest(member, images);
  if (!record.images.some(({ image }) => isMeant(image))) {
    throw new ImageError("IMAGE_NOT_FOUND", `manifest for image ${member} does not exist in ${name}`);
  }
  const { origin: _changed, ...rest } = record;
  const annotated: IndexRecord = {
    ...rest,
    images: record.images.map((each) =>
      isMeant(each.image)
        ? { ...each, platform: normalizePlatform({ ...each.platform, ...platform }) }
        : each,
    ),
  };
  images.setName(reference, images.putRecord(annotated));
  return annotated;
}

async function recordOfMember(member: string, { store, resolver }: StepEngine): Promise<StoredRecord> {
  try {
    const { record, names } = new ImageStore(store).find(member);
    if (record.origin?.reference === undefined || names.length === 0) return record;
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== "IMAGE_NOT_FOUND") throw error;
  }
  return await resolver.resolveWhole(normaliseTag(member));
}

function toPlatformImages(record: StoredRecord): readonly PlatformImage[] {
  if (isIndex(record)) return record.images;
  return [{ platform: normalizePlatform(platformOf(record)), image: record }];
}

function memberTest(member: string, images: ImageStore): (image: ImageRecord) => boolean {
  const digest = /sha256:[0-9a-f]{64}$/.exec(member)?.[0];
  const byDigest = (image: ImageRecord) => digest !== undefined && image.origin?.manifest.digest === digest;
  try {
    const ids = new Set(imagesOf(images.find(member).record).map(recordId));
    return (image) => byDigest(image) || ids.has(recordId(image));
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== "IMAGE_NOT_FOUND") throw error;
    return byDigest;
  }
}
