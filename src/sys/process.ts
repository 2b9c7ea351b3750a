import { constants } from "node:os";
import { check, declare } from "./libc.ts";

const prctlCall = declare("prctl", "int", ["int", "ulong", "ulong", "ulong", "ulong"]);

/** This process gets `signal` when its parent ends.
 * @throws {SysError} */
export function setParentDeathSignal(signal: NodeJS.Signals): void {
  const PR_SET_PDEATHSIG = 1;
  check({ syscall: "prctl", doing: "set the parent death signal" }, () =>
    prctlCall(PR_SET_PDEATHSIG, constants.signals[signal], 0, 0, 0),
  );
}
