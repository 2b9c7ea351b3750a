import { constants, createReadStream, openSync } from "node:fs";
import path from "node:path";
import type { ContentStore } from "../content/index.ts";
import { type Descriptor, digestHex, digestOf, type Digest, parseIndex } from "../oci/index.ts";
import { readTextFile } from "../util/index.ts";
import type { CacheDocument } from "./cache-document.ts";
import { CacheError } from "./cache-error.ts";
import { configLimitBytes, readManifestOrIndex } from "./read-manifest.ts";

/** Reads the cache of an OCI layout, or that in an image of one; no layer is read.
 * @param name a tag of the layout, or a manifest's digest
 * @throws {CacheError}; {OciError} */
export async function readLayoutCache(directory: string, name: string): Promise<CacheDocument> {
  const { manifests } = parseIndex(readSmall(path.join(directory, "index.json")));
  const found = manifests.find(
    ({ digest, annotations }) =>
      digest === name || annotations?.["org.opencontainers.image.ref.name"] === name,
  );
  if (!found) throw notFound(directory, `it has no manifest "${name}"`);
  const read = (blob: Descriptor) => Promise.resolve(readVerified(directory, blob));
  return await readManifestOrIndex(
    { bytes: readVerified(directory, found), mediaType: found.mediaType },
    { name: JSON.stringify(directory), manifest: read, config: read },
  );
}

/** Brings a blob of a layout into the content store, verified. */
export async function fetchLayoutBlob(
  directory: string,
  { digest, size }: Descriptor,
  content: ContentStore,
): Promise<void> {
  // Without waiting for the other end, should it be a pipe.
  const fd = openSync(blobFile(directory, digest), constants.O_RDONLY | constants.O_NONBLOCK);
  const source = createReadStream("", { fd });
  await content.ingest(source as AsyncIterable<Uint8Array>, { digest, sizeBytes: size });
}

function readVerified(directory: string, { digest }: Descriptor): Buffer {
  const bytes = readSmall(blobFile(directory, digest));
  if (digestOf(bytes) === digest) return bytes;
  throw new CacheError("INVALID_CACHE", `Cannot read the cache: blob ${digest} does not match its digest`);
}

function readSmall(file: string): Buffer {
  try {
    const text = readTextFile(file, { limitBytes: configLimitBytes, isFound: true });
    if (text === undefined) throw new Error(`larger than ${configLimitBytes} bytes`);
    return Buffer.from(text);
  } catch (error) {
    throw notFound(path.dirname(file), error instanceof Error ? error.message : String(error), error);
  }
}

function blobFile(directory: string, digest: Digest): string {
  return path.join(directory, "blobs/sha256", digestHex(digest));
}

function notFound(directory: string, reason: string, cause?: unknown): CacheError {
  return new CacheError("CACHE_NOT_FOUND", `Cannot read the cache in "${directory}": ${reason}`, { cause });
}
