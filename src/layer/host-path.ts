import type { HostPath } from "../sys/index.ts";

/** The host's form of a path of bytes (latin1). Text is cheaper than bytes for Node, and almost all names are ASCII. */
export function toHostPath(bytes: string): HostPath {
  return /^[\x01-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, "latin1");
}

/** The bytes (latin1) of a host path. */
export function toByteString(path: HostPath): string {
  return (typeof path === "string" ? Buffer.from(path) : path).toString("latin1");
}

/** A path of bytes as a message shows it: in quotes, control characters escaped. */
export function quotePath(bytes: string): string {
  return JSON.stringify(Buffer.from(bytes, "latin1").toString());
}
