import { type Descriptor, digestOf, type ImageReference } from "../../oci/index.ts";
import { type RegistryClient, RegistryError } from "../../registry/index.ts";

/** The bytes of a blob of a registry, verified.
 * @throws {RegistryError} `SIZE_EXCEEDED` when they are more than `limitBytes`, `DIGEST_MISMATCH` and others */
export async function readBlob(
  registry: RegistryClient,
  reference: ImageReference,
  blob: Descriptor,
  limitBytes: number,
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
  await registry.fetchBlob(reference, blob, { ingest });
  return bytes;
}
