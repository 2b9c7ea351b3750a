import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** The text of a file, which may be a pipe or a device; undefined when it has more than `limitBytes`, of which no more is read.
 * @param options.isFound nobody named the file: what is neither a file nor a directory is an error, for a pipe would keep the caller waiting
 * @throws {Error} of the system, as from `readFileSync` */
export function readTextFile(
  file: string,
  { limitBytes, isFound = false }: { readonly limitBytes: number; readonly isFound?: boolean },
): string | undefined {
  // Even to open a pipe without a writer would keep waiting.
  const descriptor = openSync(file, isFound ? constants.O_RDONLY | constants.O_NONBLOCK : "r");
  try {
    const stat = fstatSync(descriptor);
    if (isFound && !stat.isFile() && !stat.isDirectory()) throw new Error("it is no regular file");
    return readDescriptor(descriptor, limitBytes)?.toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** All bytes of an open file, whatever size it says that it has: some of the kernel's have no end. Undefined when they are more than `limitBytes`, of which no
 * more is read. */
export function readDescriptor(descriptor: number, limitBytes: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let sizeBytes = 0; ; ) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const count = readSync(descriptor, chunk);
    if (count === 0) return Buffer.concat(chunks);
    sizeBytes += count;
    if (sizeBytes > limitBytes) return undefined;
    chunks.push(chunk.subarray(0, count));
  }
}
