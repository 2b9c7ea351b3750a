import { CodedError } from "../errors/index.ts";

export type ImageErrorCode =
  | "IMAGE_NOT_FOUND"
  | "AMBIGUOUS_ID"
  | "IMAGE_IN_USE"
  /** A name with the digest of another image. */
  | "NAME_MISMATCH"
  | "PLATFORM_NOT_FOUND"
  | "BLOB_MISSING"
  | "LAYER_MISSING";

/** Something that cannot be done with an image of the store. */
export class ImageError extends CodedError<ImageErrorCode> {}
