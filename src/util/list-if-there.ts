import { readdirSync } from "node:fs";
import { isErrno } from "./errno.ts";

/** Names in a directory; none where there is no such directory.
 * @throws the file system error */
export function listIfThere(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}
