import { readFileSync } from "node:fs";
import { isErrno } from "../util/index.ts";

/** The value of a record file; undefined when it is absent or, after a power cut, not whole. */
export function readJsonFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
