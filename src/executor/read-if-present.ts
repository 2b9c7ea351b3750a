import { readFileSync } from "node:fs";
import { isErrno } from "../util/index.ts";

/** The text of a file; empty where there is none. */
export function readIfPresent(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}
