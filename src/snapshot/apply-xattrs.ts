import { setXattr } from "../sys/index.ts";
import type { Xattr } from "../tree/index.ts";
import { isErrno } from "../util/index.ts";

/** Sets attributes; those that the kernel or the file system refuses are left out, as BuildKit does. */
export function applyXattrs(host: string | Buffer, xattrs: readonly Xattr[]): void {
  for (const { name, value } of xattrs) {
    try {
      setXattr(host, name, value);
    } catch (error) {
      if (!isErrno(error, "EPERM", "ENOTSUP", "EOPNOTSUPP")) throw error;
    }
  }
}
