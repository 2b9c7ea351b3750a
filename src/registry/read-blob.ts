import { type Descriptor, digestOf } from "../oci/index.ts";
import type { BlobSink } from "./fetch-blob.ts";
import { RegistryError } from "./registry-error.ts";

/** Reads a small blob into memory, verified.
 * @param fetch streams it into a sink
 * @throws {RegistryError} `SIZE_EXCEEDED` when it has more than `limitBytes`; what `fetch` throws */
export async function readBlobBytes(
  blob: Descriptor,
  limitBytes: number,
  fetch: (sink: BlobSink) => Promise<void>,
): Promise<Buffer> {
  if (blob.size > limitBytes) {
    const message = `Cannot read blob ${blob.digest}: it has ${blob.size} bytes, more than ${limitBytes}`;
    throw new RegistryError("SIZE_EXCEEDED", message);
  }
  let bytes = Buffer.alloc(0);
  const ingest = async (source: AsyncIterable<Uint8Array>) => {
    const chunks: Uint8Array[] = []; // of this try alone
    for await (const chunk of source) chunks.push(chunk);
    bytes = Buffer.concat(chunks);
    const digest = digestOf(bytes);
    if (digest === blob.digest) return;
    throw new RegistryError("DIGEST_MISMATCH", `Cannot read a blob: expected ${blob.digest}, got ${digest}`);
  };
  await fetch({ ingest });
  return bytes;
}
