import { hash } from "node:crypto";
import { canonicalJson } from "../util/index.ts";

/** Everything that can change a result, by name. Two steps with equal parts have equal results; a miss is explained by the first part
 * that differs. */
export type KeyParts = Readonly<Record<string, string>>;

/** Names a cache record; 64 hexadecimal digits. */
export type CacheKey = string;

/** Raised when the meaning of any part changes: older records are then never found. */
const keyVersion = "1";

export function cacheKey(parts: KeyParts): CacheKey {
  return hash("sha256", canonicalJson({ keyVersion, parts }));
}
