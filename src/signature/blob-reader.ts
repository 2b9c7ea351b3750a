import type { Descriptor, ImageReference } from "../oci/index.ts";
import {
  type RegistryClient,
  RegistryError,
  type RegistryErrorCode,
  type RemoteDocument,
} from "../registry/index.ts";
import type { Finding } from "./finding.ts";

/** Of one image: whoever may push can put any number of large things beside it. */
const maxBytes = 256 << 20;

/** Of a manifest with one layer and a few annotations. */
const maxManifestBytes = 64 * 1024;

/** What only spoils the thing in question. */
const spoiling: ReadonlySet<RegistryErrorCode> = new Set([
  "NOT_FOUND",
  "DIGEST_MISMATCH",
  "SIZE_EXCEEDED",
  "SIZE_MISMATCH",
  "BAD_RESPONSE",
]);

/** Reads what may be signatures of one image, so much in all and no more. */
export class BlobReader {
  readonly #registry: RegistryClient;
  #leftBytes = maxBytes;

  constructor(registry: RegistryClient) {
    this.#registry = registry;
  }

  /** The bytes of a blob, verified against its digest.
   * @param limitBytes more are not read
   * @throws {RegistryError} for what is not this blob's fault */
  async read(
    { domain, path }: ImageReference,
    blob: Descriptor,
    limitBytes: number,
  ): Promise<Finding<Buffer>> {
    const refusal = this.#refusalOf(blob, limitBytes);
    if (refusal) return refusal;
    this.#leftBytes -= blob.size;
    return await unlessSpoiled(() => this.#registry.readBlob({ domain, path }, blob, limitBytes));
  }

  /** The manifest of a referrer, verified against its digest.
   * @throws {RegistryError} for what is not this manifest's fault */
  async readManifest(
    { domain, path }: ImageReference,
    referrer: Descriptor,
  ): Promise<Finding<RemoteDocument>> {
    const refusal = this.#refusalOf(referrer, maxManifestBytes);
    if (refusal) return refusal;
    const { digest } = referrer;
    const document = await unlessSpoiled(() => this.#registry.resolveManifest({ domain, path, digest }));
    // A list may say any size.
    if ("value" in document) this.#leftBytes -= document.value.bytes.length;
    return document;
  }

  #refusalOf({ size }: Descriptor, limitBytes: number): { readonly reason: string } | undefined {
    if (size > limitBytes) return { reason: "is too large" };
    if (size <= this.#leftBytes) return undefined;
    return { reason: `is beyond the ${maxBytes >> 20} MiB that are read of an image` };
  }
}

/** @throws what `fetch` throws, unless it only spoils what was to be fetched */
async function unlessSpoiled<Value>(fetch: () => Promise<Value>): Promise<Finding<Value>> {
  try {
    return { value: await fetch() };
  } catch (error) {
    if (error instanceof RegistryError && spoiling.has(error.code))
      return { reason: "cannot be fetched unharmed" };
    throw error;
  }
}
