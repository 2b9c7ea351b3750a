import { getXattr, type HostPath, listXattrs } from "../sys/index.ts";
import type { Xattr } from "../tree/index.ts";

/** How an opaque directory is marked: `user.` inside a user namespace, whose overlay mounts have the option `userxattr`. */
export type OpaqueXattr = "trusted.overlay.opaque" | "user.overlay.opaque";

// Those of overlayfs say how layers stack here; the others are the policy of one host, and no part of an image.
const ofHost = /^(?:(?:trusted|user)\.overlay\.|security\.(?:selinux|apparmor|evm|SMACK64))/;
const ofDependentLayer = /^(?:trusted|user)\.overlay\.(?:redirect|metacopy)$/;

/** Does this attribute belong to a file's content, so that it travels in a layer tar? */
export function isLayerXattr(name: string): boolean {
  return name !== "" && !ofHost.test(name);
}

export interface FoundXattrs {
  /** Those that travel, in byte order. */
  readonly xattrs: readonly Xattr[];
  readonly isOpaque: boolean;
  /** Is the file only complete together with a lower layer of this machine? */
  readonly isDependent: boolean;
}

const none: FoundXattrs = { xattrs: [], isOpaque: false, isDependent: false };

/** Reads the attributes of a file and what overlayfs says with them. */
export function readXattrs(path: HostPath, opaqueXattr: OpaqueXattr): FoundXattrs {
  const names = listXattrs(path);
  if (names.length === 0) return none;
  return {
    xattrs: readLayerXattrs(path, names),
    isOpaque: names.includes(opaqueXattr) && getXattr(path, opaqueXattr)?.toString() === "y",
    isDependent: names.some((name) => ofDependentLayer.test(name)),
  };
}

function readLayerXattrs(path: HostPath, names: readonly string[]): Xattr[] {
  const xattrs: Xattr[] = [];
  for (const name of names.filter(isLayerXattr).sort()) {
    const value = getXattr(path, name);
    if (value) xattrs.push({ name, value });
  }
  return xattrs;
}
