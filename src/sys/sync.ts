import { closeSync, constants, openSync } from "node:fs";
import type { HostPath } from "./host-path.ts";
import { check, declare, declareAsync } from "./libc.ts";

const syncfsCall = declare("syncfs", "int", ["int"]);
const syncfsInThread = declareAsync("syncfs", "int", ["int"]);

/** syncfs(2): writes everything of the file system that holds `directory` to the disk, and waits for that.
 * @throws {SysError} */
export function syncFileSystem(directory: HostPath): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    syncOpened(fd, directory);
  } finally {
    closeSync(fd);
  }
}

/** As `syncFileSystem`, but this thread goes on meanwhile.
 * @throws {SysError} */
export async function syncFileSystemInThread(directory: HostPath): Promise<void> {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    if ((await syncfsInThread(fd)) !== 0) syncOpened(fd, directory); // again, for the reason
  } finally {
    closeSync(fd);
  }
}

function syncOpened(fd: number, directory: HostPath): void {
  check({ syscall: "syncfs", doing: "sync the file system of", path: directory }, () => syncfsCall(fd));
}
