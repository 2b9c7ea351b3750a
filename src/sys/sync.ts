import { closeSync, constants, openSync } from "node:fs";
import type { HostPath } from "./host-path.ts";
import { check, declare } from "./libc.ts";

const syncfsCall = declare("syncfs", "int", ["int"]);

/** syncfs(2): writes everything of the file system that holds `directory` to the disk, and waits for that.
 * @throws {SysError} */
export function syncFileSystem(directory: HostPath): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    check({ syscall: "syncfs", doing: "sync the file system of", path: directory }, () => syncfsCall(fd));
  } finally {
    closeSync(fd);
  }
}
