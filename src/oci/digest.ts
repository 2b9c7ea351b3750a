import { hash } from "node:crypto";
import { OciError } from "./oci-error.ts";

declare const brand: unique symbol;

/** `sha256:<64 hex>` of stored bytes: a blob as it travels, compressed or not. */
export type Digest = string & { readonly [brand]: "Digest" };

/** `sha256:<64 hex>` of a layer's uncompressed tar. */
export type DiffID = string & { readonly [brand]: "DiffID" };

const pattern = /^sha256:[0-9a-f]{64}$/;

/** @throws {OciError} `INVALID_DIGEST` for anything but `sha256:` and 64 lowercase hexadecimal digits */
export function parseDigest(text: unknown): Digest {
  if (typeof text === "string" && pattern.test(text)) return text as Digest;
  throw new OciError(
    "INVALID_DIGEST",
    `Cannot parse digest ${JSON.stringify(text)}: expected "sha256:" and 64 hexadecimal digits`,
  );
}

/** @throws {OciError} `INVALID_DIGEST` */
export function parseDiffID(text: unknown): DiffID {
  return parseDigest(text) as string as DiffID;
}

export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${hash("sha256", bytes)}` as Digest;
}

/** The 64 hexadecimal digits. */
export function digestHex(digest: Digest | DiffID): string {
  return digest.slice("sha256:".length);
}
