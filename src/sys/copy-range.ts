import { check, declare } from "./libc.ts";

const copyCall = declare("copy_file_range", "long", ["int", "void *", "int", "void *", "size_t", "uint"]);

/** copy_file_range(2) from one descriptor's position to the other's: the kernel copies, or shares blocks where the file
 * system can. Returns the bytes copied, 0 at the end of the source; call again for the rest.
 * @throws {SysError} `EXDEV`, `EOPNOTSUPP` or `EINVAL` where it cannot: read and write instead */
export function copyFileRange(fromFd: number, toFd: number, lengthBytes: number): number {
  return check({ syscall: "copy_file_range", doing: `copy from descriptor ${fromFd}` }, () =>
    copyCall(fromFd, null, toFd, null, lengthBytes, 0),
  );
}
