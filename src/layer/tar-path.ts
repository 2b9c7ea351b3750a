import { quotePath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";

/** The names of an archive's path, `.` and empty ones dropped and `..` applied; a leading slash means the root.
 * @throws {LayerError} `ESCAPES_ROOT` when `..` climbs out of the archive */
export function splitTarPath(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) {
      throw new LayerError("ESCAPES_ROOT", `${quotePath(path)} leads out of the root`);
    }
  }
  return names;
}

export function joinPath(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

/** `a/b` → `a`, `a` → the root, which is the empty string. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
