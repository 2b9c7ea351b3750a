import { readSync } from "node:fs";
import { sniffCompression } from "./compression.ts";
import { readUncompressed } from "./decompress.ts";
import { LayerError } from "./layer-error.ts";
import { peek } from "./read-chunks.ts";
import { tarBlockBytes } from "./tar-entry.ts";
import { isZeroBlock, parseTarHeader } from "./tar-header.ts";

/** Does the file begin with a tar header, compressed or not? The descriptor's position is neither used nor changed.
 * @throws {LayerError} `DECOMPRESSION_FAILED` when it cannot be told because a program is not installed */
export async function isTar(fd: number): Promise<boolean> {
  try {
    const { head, rest } = await peek(readUncompressed(chunksOf(fd)), tarBlockBytes);
    await rest.return();
    return isTarHeader(head.subarray(0, tarBlockBytes));
  } catch (error) {
    // Bytes that only look compressed are an ordinary file; a missing program would silently change what ADD does.
    if (error instanceof LayerError && error.hint === undefined) return false;
    throw error;
  }
}

/** Do the first 512 bytes look like an archive: compressed, or a tar header? */
export function isArchiveStart(head: Buffer): boolean {
  return sniffCompression(head) !== "none" || isTarHeader(head.subarray(0, tarBlockBytes));
}

function isTarHeader(block: Buffer): boolean {
  if (block.length < tarBlockBytes || isZeroBlock(block)) return false;
  try {
    parseTarHeader(block);
    return true;
  } catch (error) {
    if (error instanceof LayerError) return false;
    throw error;
  }
}

/** The bytes of a descriptor from the start, whatever its position; a chunk is only valid until the next one is asked for. */
export async function* chunksOf(fd: number): AsyncGenerator<Buffer, void> {
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024);
  let position = 0;
  for (let length = 1; length > 0; position += length) {
    length = readSync(fd, buffer, 0, buffer.length, position);
    if (length > 0) yield buffer.subarray(0, length);
  }
}
