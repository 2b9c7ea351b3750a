import { CodedError } from "../errors/index.ts";

export type CacheErrorCode = "INVALID_CACHE" | "CACHE_NOT_FOUND";

/** A cache of another machine that cannot be read. */
export class CacheError extends CodedError<CacheErrorCode> {}
