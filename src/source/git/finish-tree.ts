import { lstatSync, lutimesSync, readdirSync, rmSync } from "node:fs";

const slash = Buffer.from("/");

/** Removes git's own directories and files (`.git`) everywhere below `root`; git lets no repository hold such a name itself. */
export function removeGitDirs(root: string): void {
  walk(Buffer.from(root), (entry, name) => {
    if (name.toString("latin1") !== ".git") return;
    rmSync(entry, { recursive: true, force: true });
  });
}

/** Gives everything in a tree the same time, if one is given.
 * @returns the bytes of its regular files */
export function finishTree(root: string, mtimeSeconds: number | undefined): { sizeBytes: number } {
  const time = mtimeSeconds === undefined || Number.isSafeInteger(mtimeSeconds) ? mtimeSeconds : 0;
  let sizeBytes = 0;
  const finish = (entry: Buffer) => {
    const stat = lstatSync(entry);
    if (stat.isFile()) sizeBytes += stat.size;
    if (time !== undefined) lutimesSync(entry, time, time);
  };
  walk(Buffer.from(root), finish);
  finish(Buffer.from(root));
  return { sizeBytes };
}

/** Visits every entry below a directory after its own entries, so that their changes do not touch its time again. Links are entries,
 * never ways. */
function walk(directory: Buffer, visit: (entry: Buffer, name: Buffer) => void): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, encoding: "buffer" })) {
    const child = Buffer.concat([directory, slash, entry.name]);
    if (entry.isDirectory()) walk(child, visit);
    visit(child, entry.name);
  }
}
