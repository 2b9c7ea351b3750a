import { unlinkSync } from "node:fs";
import { toText, type TreePath } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { FileActionError } from "./file-action-error.ts";
import { lstatHost } from "./layers-tree.ts";
import { writing } from "./writing.ts";

export interface ReplacedFile<Value> {
  /** What `make` returned. */
  readonly value: Value;
  /** Was there a file before? */
  readonly isRewritten: boolean;
}

/** Creates something that is no directory in place of whatever file a new layer has at `path`.
 * @param host where that lies on the host
 * @param make creates it there, and throws `EEXIST` when there is something already
 * @throws {FileActionError} `WRONG_TYPE` when a directory is there */
export function replaceFile<Host extends string | Buffer, Value>(
  path: TreePath,
  host: Host,
  make: (host: Host) => Value,
): ReplacedFile<Value> {
  return writing(path, () => {
    try {
      return { value: make(host), isRewritten: false };
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
    if (lstatHost(host)?.type === "directory") throw isDirectory(path);
    unlinkSync(host);
    return { value: make(host), isRewritten: true };
  });
}

export function isDirectory(path: TreePath): FileActionError {
  return new FileActionError("WRONG_TYPE", `cannot replace to directory ${toText(path)} with file`);
}
