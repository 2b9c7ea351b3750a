import { readFileSync } from "node:fs";
import { isErrno } from "../util/index.ts";

/** The name that a process in BuildKit's sandbox sees; scripts test for it to learn that they run in a build. */
export const DEFAULT_HOSTNAME = "buildkitsandbox";

/** Text of `/etc/hosts` in the container. */
export function hostsFile(
  hostname: string,
  extraHosts: readonly { readonly host: string; readonly ip: string }[],
): string {
  const extra = extraHosts.map(({ host, ip }) => `${ip}\t${host}\n`).join("");
  return `127.0.0.1\tlocalhost ${hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n${extra}`;
}

/** Text of `/etc/resolv.conf` in the container: the host's own, for they share the network; empty when the host has none. */
export function resolvConf(file = "/etc/resolv.conf"): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}
