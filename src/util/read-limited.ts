/** All bytes of a source; of one that has more than `limitBytes` no more is read, and the answer is undefined. */
export async function readLimited(
  source: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) return undefined; // leaving the loop closes the source
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
