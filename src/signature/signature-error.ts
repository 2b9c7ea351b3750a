import { CodedError } from "../errors/index.ts";

export type SignatureErrorCode =
  /** The file of a key is missing or cannot be read. */
  | "KEY_UNREADABLE"
  /** It is no key, a damaged one, of a kind that is not used, or its password is wrong. */
  | "KEY_INVALID"
  /** What a registry has in the place of signatures is something else. */
  | "SIGNATURES_INVALID"
  /** No signature of the image is good by this key. */
  | "NOT_SIGNED";

/** An image cannot be signed, or is not. Messages name keys by their file, never by what is in it. */
export class SignatureError extends CodedError<SignatureErrorCode> {}
