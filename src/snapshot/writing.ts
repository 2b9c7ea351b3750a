import { getSystemErrorMap } from "node:util";
import { SysError } from "../sys/index.ts";
import { toText, type TreePath } from "../tree/index.ts";
import { FileActionError } from "./file-action-error.ts";

/** Runs something that writes `path` of the new layer; a refusal of the system becomes an error that names the path.
 * @throws {FileActionError} `NO_SPACE` | `WRITE_FAILED` */
export function writing<Value>(path: TreePath, write: () => Value): Value {
  try {
    return write();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
    const reason = getSystemErrorMap().get(-Math.abs(error.errno ?? 0))?.[1] ?? error.message;
    throw new FileActionError(
      isFull ? "NO_SPACE" : "WRITE_FAILED",
      `Cannot ${error.syscall === "read" ? "read the source of" : "write"} "${toText(path)}": ${reason}`,
      { cause: error },
    );
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof SysError || (error instanceof Error && "syscall" in error && "errno" in error);
}
