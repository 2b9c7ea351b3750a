import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from "./default-sandbox.ts";

/** What a process gets: Docker's default set, or everything for `insecure`; never more than this process may give away.
 * @param status text of `/proc/self/status` */
export function grantedCapabilities(security: "sandbox" | "insecure", status: string): readonly string[] {
  const wanted = security === "sandbox" ? DEFAULT_CAPABILITIES : ALL_CAPABILITIES;
  const held = mask(status, "CapBnd") & mask(status, "CapPrm");
  return wanted.filter((name) => (held >> BigInt(ALL_CAPABILITIES.indexOf(name))) & 1n);
}

function mask(status: string, field: string): bigint {
  const digits = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
  return digits === undefined ? 0n : BigInt(`0x${digits}`);
}
