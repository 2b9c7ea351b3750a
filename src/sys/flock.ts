import { constants } from "node:os";
import { attempt, declare } from "./libc.ts";
import { SysError } from "./sys-error.ts";

const flockCall = declare("flock", "int", ["int", "int"]);

const LOCK_NB = 4;
const OPERATION = { shared: 1, exclusive: 2, unlock: 8 } as const;

/** flock(2) without waiting: false when another open file holds a lock in the way. The lock lasts until the descriptor is
 * closed, which the end of the process does too.
 * @throws {SysError} */
export function tryFlock(fd: number, operation: keyof typeof OPERATION): boolean {
  const { errno } = attempt(() => flockCall(fd, OPERATION[operation] | LOCK_NB));
  if (errno === constants.errno.EWOULDBLOCK) return false;
  if (errno !== 0) throw new SysError({ syscall: "flock", doing: `lock descriptor ${fd}` }, errno);
  return true;
}
