import { homedir } from "node:os";
import path from "node:path";

/** Absolute path of what a Compose file names: relative to `directory`, or to the home with `~`. */
export function hostPath(source: string, directory: string): string {
  return path.resolve(directory, source.replace(/^~(?=\/|$)/, homedir()));
}
