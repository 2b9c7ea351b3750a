import { lstatSync, readdirSync } from "node:fs";

/** Sum of the sizes of regular files below `directory`, each inode once. */
export function treeSizeBytes(directory: string): number {
  const counted = new Set<number>();
  let sizeBytes = 0;
  const visit = (parent: Buffer) => {
    for (const entry of readdirSync(parent, { withFileTypes: true, encoding: "buffer" })) {
      const child = Buffer.concat([parent, SLASH, entry.name]);
      if (entry.isDirectory()) visit(child);
      if (!entry.isFile()) continue;
      const stat = lstatSync(child);
      if (stat.nlink > 1) {
        if (counted.has(stat.ino)) continue;
        counted.add(stat.ino);
      }
      sizeBytes += stat.size;
    }
  };
  visit(Buffer.from(directory));
  return sizeBytes;
}

const SLASH = Buffer.from("/");
