import { readFileSync } from "node:fs";
import { isErrno } from "../util/index.ts";
import { WorkerError } from "./worker-error.ts";

/** Turns the failure of setpriv(1) or unshare(1) into what to do about it; undefined when it is something else. */
export function explainRefusal(cause: Error | undefined, stderr: string): WorkerError | undefined {
  if (isErrno(cause, "ENOENT")) {
    return unavailable('"setpriv" is not installed', "install util-linux 2.33 or newer", cause);
  }
  const refused = /^unshare: (.+)$/m.exec(stderr)?.[1];
  if (refused === undefined) {
    const other = /^setpriv: (.+)$/m.exec(stderr)?.[1];
    return other === undefined ? undefined : unavailable(other, "install util-linux 2.33 or newer", cause);
  }
  return unavailable(`the kernel refuses namespaces (${refused})`, namespaceHint(), cause);
}

function unavailable(reason: string, hint: string, cause: Error | undefined): WorkerError {
  return new WorkerError("WORKER_UNAVAILABLE", `Cannot start the worker: ${reason}`, { cause, hint });
}

/** Why the kernel refuses, as far as its settings tell. */
export function namespaceHint(read = readSetting): string {
  if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1") {
    return "AppArmor restricts user namespaces; ask the administrator to run: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (read("/proc/sys/kernel/unprivileged_userns_clone") === "0") {
    return "ask the administrator to run: sysctl -w kernel.unprivileged_userns_clone=1";
  }
  if (read("/proc/sys/user/max_user_namespaces") === "0") {
    return "ask the administrator to run: sysctl -w user.max_user_namespaces=10000";
  }
  return "in a container, start it with --privileged, or with seccomp and AppArmor unconfined and CAP_SYS_ADMIN";
}

function readSetting(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined; // this kernel has no such setting
  }
}
