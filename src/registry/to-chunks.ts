/** The bytes of `source` in pieces of `sizeBytes`, of which the last one may be shorter. Holds one piece. */
export async function* toChunks(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of source) {
    let rest = piece;
    while (heldBytes + rest.length >= sizeBytes) {
      const end = sizeBytes - heldBytes;
      yield Buffer.concat([...parts, rest.subarray(0, end)]);
      rest = rest.subarray(end);
      parts = [];
      heldBytes = 0;
    }
    if (rest.length > 0) parts.push(Buffer.from(rest)); // a source may fill its buffer anew
    heldBytes += rest.length;
  }
  if (heldBytes > 0) yield Buffer.concat(parts);
}
