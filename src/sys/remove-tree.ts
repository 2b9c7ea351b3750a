import { readdirSync, rmdirSync, unlinkSync } from "node:fs";
import type { HostPath } from "./host-path.ts";

/** Removes a file or a tree, whatever bytes its names hold (`fs.rmSync` of Node 20 fails on names that are not UTF-8). Links are
 * not followed; absence is no error.
 * @throws the file system error */
export function removeTree(path: HostPath): void {
  try {
    unlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    if (code !== "EISDIR" && code !== "EPERM") throw error;
    removeDirectory(typeof path === "string" ? Buffer.from(path) : path);
  }
}

function removeDirectory(directory: Buffer): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, encoding: "buffer" })) {
    const child = Buffer.concat([directory, SLASH, entry.name]);
    if (entry.isDirectory()) removeDirectory(child);
    else unlinkSync(child);
  }
  rmdirSync(directory);
}

const SLASH = Buffer.from("/");
