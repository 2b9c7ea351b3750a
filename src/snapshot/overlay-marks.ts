import { getXattr, type HostPath } from "../sys/index.ts";

/** Does this attribute belong to a file's content? Those of overlayfs say how layers stack here, and the host's security policy is
 * no part of an image. */
export function isContentXattr(name: string): boolean {
  return !/^(?:(?:trusted|user)\.overlay\.|security\.(?:selinux|apparmor|evm|SMACK64))/.test(name);
}

/** Does this directory of a layer hide what lies below it? */
export function isOpaque(host: HostPath): boolean {
  return OPAQUE_XATTRS.some((name) => getXattr(host, name)?.toString("latin1") === "y");
}

const OPAQUE_XATTRS = ["trusted.overlay.opaque", "user.overlay.opaque"];
