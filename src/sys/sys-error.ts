import { getSystemErrorMap } from "node:util";
import { CodedError } from "../errors/index.ts";
import type { HostPath } from "./host-path.ts";

/** A system call that failed. `code` is the name of its errno (`ENOENT`), as in Node's own file system errors. */
export class SysError extends CodedError {
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(call: { syscall: string; doing: string; path?: HostPath }, errno: number) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`ERRNO_${errno}`, `error ${errno}`];
    const path = call.path?.toString();
    super(code, `Cannot ${call.doing}${path === undefined ? "" : ` ${JSON.stringify(path)}`}: ${text}`);
    this.errno = errno;
    this.syscall = call.syscall;
    this.path = path;
  }
}
