/** Random access to a file; fewer bytes than asked for at its end. */
export type ReadAt = (position: number, length: number) => Buffer;

/** A database that is not what it should be. */
export class DatabaseError extends Error {}

/** @throws {DatabaseError} when the file ends before */
export function readExactly(read: ReadAt, position: number, length: number): Buffer {
  const bytes = read(position, length);
  if (bytes.length < length) throw new DatabaseError(`it ends before byte ${position + length}`);
  return bytes;
}

/** Far above the header of any package: those of kernels have 2 MB. */
export const maxHeaderBytes = 64 << 20;
/** The largest distributions have 70,000 packages. */
export const maxPackages = 500_000;
