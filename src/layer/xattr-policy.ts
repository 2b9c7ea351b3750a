/** How an opaque directory is marked: `user.` inside a user namespace, whose overlay mounts have the option `userxattr`. */
export type OpaqueXattr = "trusted.overlay.opaque" | "user.overlay.opaque";

// Those of overlayfs say how layers stack here; the others are the policy of one host, and no part of an image.
const ofHost = /^(?:(?:trusted|user)\.overlay\.|security\.(?:selinux|apparmor|evm|SMACK64))/;

/** Does this attribute belong to a file's content, so that it travels in a layer tar? */
export function isLayerXattr(name: string): boolean {
  return !ofHost.test(name) && !name.includes("\0") && name !== "";
}
