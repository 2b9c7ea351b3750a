import { getXattr, type HostPath } from "../sys/index.ts";

/** Does this directory of a layer hide what lies below it? */
export function isOpaque(host: HostPath): boolean {
  return OPAQUE_XATTRS.some((name) => getXattr(host, name)?.toString("latin1") === "y");
}

const OPAQUE_XATTRS = ["trusted.overlay.opaque", "user.overlay.opaque"];
