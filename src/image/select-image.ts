import type { Store } from "../content/index.ts";
import {
  bestForPlatform,
  formatPlatform,
  hostPlatform,
  isSamePlatform,
  matchPlatform,
  normalizePlatform,
  parseIndex,
  type Platform,
} from "../oci/index.ts";
import { ImageError } from "./image-error.ts";
import type { ImageRecord, IndexRecord, StoredRecord } from "./image-record.ts";
import { documentLimitBytes } from "./limits.ts";

export function isIndex(record: StoredRecord): record is IndexRecord {
  return "kind" in record;
}

/** The images that a record holds: one for each platform. */
export function imagesOf(record: StoredRecord): readonly ImageRecord[] {
  return isIndex(record) ? record.images.map(({ image }) => image) : [record];
}

/** The platform that an image is for, as its config says. */
export function platformOf({ config }: ImageRecord): Platform {
  const { os, architecture, variant, "os.version": osVersion } = config;
  return {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { "os.version": osVersion }),
  };
}

/** The image of a record that a platform runs best; undefined when none suits, or when it is one of a registry's index that the
 * store does not have. An image that was never one of several is taken whatever it is for. */
export function selectImage(store: Store, record: StoredRecord, platform: Platform): ImageRecord | undefined {
  const images = isIndex(record) ? record.images : [{ platform: platformOf(record), image: record }];
  const exact = images.find((each) => isSamePlatform(each.platform, platform));
  if (exact) return exact.image;
  const offered = readIndex(store, record);
  if (offered) {
    const chosen = matchPlatform(offered, platform)?.digest;
    return images.find(({ image }) => image.origin?.manifest.digest === chosen)?.image;
  }
  if (!isIndex(record) && !isOfIndex(record)) return record;
  return bestForPlatform(images, (each) => each.platform, platform)?.image;
}

function isOfIndex({ origin }: ImageRecord): boolean {
  return origin !== undefined && origin.digest !== origin.manifest.digest;
}

/** A record with what a user knows it by. */
export interface NamedRecord {
  readonly record: StoredRecord;
  readonly names: readonly string[];
  readonly id: string;
}

/** The image of a record that is meant where a platform was asked for, or none.
 * @throws {ImageError} `PLATFORM_NOT_FOUND` */
export function requireImage(
  store: Store,
  { record, names, id }: NamedRecord,
  platform: Platform | undefined,
): ImageRecord {
  const [only, ...others] = imagesOf(record);
  if (platform === undefined && only && others.length === 0) return only;
  const wanted = platform ?? hostPlatform();
  const found = isIndex(record)
    ? selectImage(store, record, wanted)
    : bestForPlatform([record], platformOf, wanted);
  if (found) return found;
  const known = imagesOf(record).map((image) => formatPlatform(normalizePlatform(platformOf(image))));
  throw new ImageError(
    "PLATFORM_NOT_FOUND",
    `Cannot use image ${names[0] ?? id} for platform ${formatPlatform(wanted)}: the store has it for ${known.join(", ")}`,
  );
}

/** The image of a record that is shown: this machine's, or else the first. */
export function shownImage(store: Store, record: StoredRecord): ImageRecord {
  return selectImage(store, record, hostPlatform()) ?? imagesOf(record)[0]!;
}

/** The index that a record's images were taken from, if the store has it. */
function readIndex(store: Store, { origin }: StoredRecord): ReturnType<typeof parseIndex> | undefined {
  if (!origin || !store.content.has(origin.digest)) return undefined;
  if ("manifest" in origin && origin.manifest.digest === origin.digest) return undefined;
  return parseIndex(store.content.read(origin.digest, documentLimitBytes));
}
