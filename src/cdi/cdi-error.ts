import { CodedError } from "../errors/index.ts";

/** Why a step cannot have a device. */
export class CdiError extends CodedError<
  | "DEVICE_INVALID"
  | "DEVICE_NOT_FOUND"
  | "DEVICE_NOT_ALLOWED"
  /** Its specification asks for what is not carried out. */
  | "DEVICE_UNSUPPORTED"
  | "SPEC_INVALID"
> {}
