import { CodedError } from "../errors/index.ts";

/** Why a stack of layers could not be mounted. */
export class OverlayError extends CodedError<"TOO_MANY_LAYERS" | "OVERLAY_UNSUPPORTED"> {}
